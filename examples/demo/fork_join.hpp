// SPDX-License-Identifier: Apache-2.0
// A sum divided into halves, and those again, over all workers.
#pragma once

#include <cstdint>

#include "terminal.hpp"

namespace demo {

/// Adds up `count` numbers in a plain loop, on one worker and on all. False if the sums differ.
[[nodiscard]] bool show_fork_join(terminal& out, std::uint64_t count);

}  // namespace demo
