// SPDX-License-Identifier: Apache-2.0
// docs/testing.md: a test of a small service under simulation, and the fault that it finds.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#include <charkha/charkha.hpp>

#include "../coming_from_asyncio/expect.hpp"
#include "price_cache.hpp"

using namespace std::chrono_literals;

// [test]
template <class Cache>
charkha::coro<> patient_customer(Cache& cache) {
  expect(co_await cache.price("bread") == 5);
}

template <class Cache>
charkha::coro<> hasty_customer(Cache& cache) {
  try {
    co_await charkha::timeout(31ms, patient_customer(cache));
  } catch (const charkha::timeout_error&) {
    // He goes without. The others must not care.
  }
}

template <class Cache>
charkha::coro<> three_customers() {
  Cache cache;
  co_await charkha::gather(hasty_customer(cache), patient_customer(cache), patient_customer(cache));
}
// [end]

// [seeds]
/// What goes wrong with this seed, or nothing.
template <class Cache>
std::optional<std::string> failure_of(std::uint64_t seed) {
  charkha::simulation simulation{{.workers = 2, .seed = seed, .faults = {.slow_workers = 50, .late_timers = 1100us}}};
  try {
    simulation.run(three_customers<Cache>());
  } catch (const std::exception& error) {
    return error.what();
  }
  return std::nullopt;
}

/// The first seed that fails, of so many; 0 if none does.
template <class Cache>
std::uint64_t find_failure(std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    if (const auto failure = failure_of<Cache>(seed)) {
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), failure->c_str());
      return seed;
    }
  }
  return 0;
}
// [end]

int main() {
  const std::uint64_t seed = find_failure<faulty_price_cache>(1'000);
  expect(seed != 0);
  expect(seed == find_failure<faulty_price_cache>(seed));  // every time, on every machine
  expect(find_failure<price_cache>(1'000) == 0);
}
