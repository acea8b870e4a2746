// SPDX-License-Identifier: Apache-2.0
// What the snippets of docs/coming-from-asyncio.md say must hold.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

/// Ends the program with an error if it does not.
inline void expect(bool holds, const std::source_location& site = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: does not hold\n", site.file_name(), static_cast<unsigned>(site.line()));
  std::_Exit(EXIT_FAILURE);
}
