// SPDX-License-Identifier: Apache-2.0
// Seeds of random tests. CHARKHA_TEST_SEED=n replays one seed, CHARKHA_TEST_SEEDS=n runs that many; otherwise the same
// few are run each time.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace charkha::test {

/// The seeds 1 to `count`, or those that the environment names.
inline std::vector<std::uint64_t> seeds(std::uint64_t count) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread is started
  if (const char* text = std::getenv("CHARKHA_TEST_SEED")) return {std::stoull(text)};
  if (const char* text = std::getenv("CHARKHA_TEST_SEEDS")) count = std::stoull(text);  // NOLINT(concurrency-mt-unsafe)
  std::vector<std::uint64_t> all;
  for (std::uint64_t seed = 1; seed <= count; ++seed) all.push_back(seed);
  return all;
}

}  // namespace charkha::test
