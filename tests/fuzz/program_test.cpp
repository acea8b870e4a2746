// SPDX-License-Identifier: Apache-2.0
// Random programs, and those that a fuzzer has kept: charkha against a plain model of asyncio's rules.
// CHARKHA_TEST_SEED=n replays one seed.
#include "fuzz/program.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "fuzz/worlds.hpp"
#include "support/seeds.hpp"

namespace {

using bytes = std::vector<std::uint8_t>;

bytes random_bytes(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  bytes made(16 + random() % 160);
  for (auto& each : made) each = static_cast<std::uint8_t>(random());
  return made;
}

// Two hexadecimal digits a byte.
bytes from_digits(const std::string& text) {
  bytes made;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    made.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return made;
}

}  // namespace

TEST_CASE("random programs do on one worker what the reference does, and on several nothing that must not happen") {
  for (const auto seed : charkha::test::seeds(3000)) {
    const auto different = charkha::fuzz::difference(random_bytes(seed), seed);
    INFO(different);
    CAPTURE(seed);
    REQUIRE(different.empty());
  }
}

TEST_CASE("so do the programs that a fuzzer has kept") {
  std::ifstream kept(CHARKHA_FUZZ_CORPUS "/program.txt");
  std::size_t programs = 0;
  for (std::string line; std::getline(kept, line); ++programs) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const auto different = charkha::fuzz::difference(from_digits(line), seed);
      INFO(different);
      CAPTURE(line);
      CAPTURE(seed);
      REQUIRE(different.empty());
    }
  }
  CHECK(programs > 0);
}
