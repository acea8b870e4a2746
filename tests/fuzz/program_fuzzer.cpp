// SPDX-License-Identifier: Apache-2.0
// Any bytes, as a program: charkha beside a plain model of asyncio's rules. For libFuzzer.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "fuzz/worlds.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint64_t seed = std::accumulate(data, data + size, std::uint64_t{1});
  const auto different = charkha::fuzz::difference({data, size}, seed);
  if (different.empty()) return 0;
  static_cast<void>(std::fputs(different.c_str(), stderr));
  std::abort();
}
