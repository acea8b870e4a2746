// SPDX-License-Identifier: Apache-2.0
// The tutorial's three programs and, beside them, what asyncio prints.
#pragma once

#include "terminal.hpp"

namespace demo {

/// Runs the programs one after the other, or all at once. False if one does not print what asyncio prints, or a line
/// before its time.
[[nodiscard]] bool show_tutorial(terminal& out, bool all_at_once);

}  // namespace demo
