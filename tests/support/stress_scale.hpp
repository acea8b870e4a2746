// SPDX-License-Identifier: Apache-2.0
// How long a stress test goes on: CHARKHA_STRESS_SCALE=n makes it n times as long.
#pragma once

#include <cstdlib>
#include <string>

namespace charkha::test {

inline unsigned stress_scale() {
  const char* text = std::getenv("CHARKHA_STRESS_SCALE");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return text == nullptr ? 1 : static_cast<unsigned>(std::stoul(text));
}

}  // namespace charkha::test
