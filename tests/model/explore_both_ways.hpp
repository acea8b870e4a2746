// SPDX-License-Identifier: Apache-2.0
// A scenario of tasks on workers: with few interruptions all that can happen, then what more of them bring, at random.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "checker/scenario.hpp"

namespace charkha::model {

/// What fails, or nothing.
[[nodiscard]] inline std::string explore_both_ways(options how, std::uint64_t at_random,
                                                   const std::function<void(scenario&)>& body) {
  const auto bounded = explore(how, body);
  how.random = at_random;
  how.preemptions = options::unbounded;
  const auto drawn = explore(how, body);
  if (bounded.holds() && drawn.holds()) return {};
  const std::string failures = bounded.failure + drawn.failure;
  return failures.empty() ? "not gone through to its end" : failures;
}

}  // namespace charkha::model
