// SPDX-License-Identifier: Apache-2.0
// As many tasks as a server has connections, all asleep at the same time.
#pragma once

#include <chrono>
#include <cstddef>

#include "terminal.hpp"

namespace demo {

/// Creates `count` tasks that all sleep until a moment `time` ahead. False if one did not wake, or woke early.
[[nodiscard]] bool show_sleepers(terminal& out, std::size_t count, std::chrono::milliseconds time);

}  // namespace demo
