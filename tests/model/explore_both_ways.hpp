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
  const auto found = explore(how, body);
  if (!found.holds()) return found.failure;
  how.random = at_random;
  how.preemptions = options::unbounded;
  const auto more = explore(how, body);
  return more.holds() ? std::string() : more.failure;
}

}  // namespace charkha::model
