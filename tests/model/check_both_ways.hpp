// SPDX-License-Identifier: Apache-2.0
// A scenario of tasks on workers: with few interruptions all that can happen, then what more of them bring, at random.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>

#include "checker/scenario.hpp"

namespace charkha::model {

inline void check_both_ways(options how, std::uint64_t at_random, const std::function<void(scenario&)>& body) {
  const auto found = explore(how, body);
  CHECK_MESSAGE(found.holds(), found.failure);
  how.random = at_random;
  how.preemptions = options::unbounded;
  const auto more = explore(how, body);
  CHECK_MESSAGE(more.holds(), more.failure);
}

}  // namespace charkha::model
