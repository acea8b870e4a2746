// SPDX-License-Identifier: Apache-2.0
#include "fork_join.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <tuple>

#include <charkha/charkha.hpp>

namespace demo {

namespace {

/// The x-th number: work that no compiler finds a formula for (the finaliser of splitmix64).
std::uint64_t number(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

[[gnu::noinline]] std::uint64_t sum_in_a_loop(std::uint64_t first, std::uint64_t last) noexcept {
  std::uint64_t sum = 0;
  for (; first < last; ++first) sum += number(first);
  return sum;
}

/// Below this many numbers dividing costs more than it gives.
constexpr std::uint64_t cutoff = 4096;

charkha::coro<std::uint64_t> sum(std::uint64_t first, std::uint64_t last) {
  if (last - first <= cutoff) co_return sum_in_a_loop(first, last);
  const std::uint64_t middle = first + (last - first) / 2;
  const auto halves = co_await charkha::when_all(sum(first, middle), sum(middle, last));
  co_return std::get<0>(halves) + std::get<1>(halves);
}

/// Does the work and keeps its time if that is the best so far. False: the sum is not the expected one.
template <class Work>
bool time_once(double& best, std::uint64_t expected, Work work) {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t sum = work();
  best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return sum == expected;
}

}  // namespace

bool show_fork_join(terminal& out, std::uint64_t count) {
  charkha::runtime one({.workers = 1});
  charkha::runtime all;
  const std::string workers = std::to_string(all.worker_count()) + " workers";
  out.heading("3. A sum of " + grouped(count) + " numbers, halved down to " + grouped(cutoff) + " by when_all");

  constexpr int rounds = 3;
  double in_a_loop = std::numeric_limits<double>::infinity(), on_one = in_a_loop, on_all = in_a_loop;
  bool good = true;
  const volatile std::uint64_t end = count;  // otherwise the compiler adds up once and remembers
  const std::uint64_t expected = sum_in_a_loop(0, end);
  for (int round = 0; round < rounds; ++round) {
    const auto show = [&](const std::string& stage, int part) { out.progress(stage, (round + part / 3.0) / rounds); };
    show("loop", 0);
    good &= time_once(in_a_loop, expected, [&] { return sum_in_a_loop(0, end); });
    show("1 worker", 1);
    good &= time_once(on_one, expected, [&] { return one.spawn(sum(0, end)).get(); });
    show(workers, 2);
    good &= time_once(on_all, expected, [&] { return all.spawn(sum(0, end)).get(); });
  }

  const auto row = [&](const std::string& name, double seconds) {
    char text[80];
    std::snprintf(text, sizeof text, "  %-20s %8.3f s %13.2f %17.2f", name.c_str(), seconds, in_a_loop / seconds,
                  on_one / seconds);
    out.line(text);
  };
  out.line("  best of 3                time   against loop  against 1 worker");
  row("plain loop", in_a_loop);
  row("charkha, 1 worker", on_one);
  row("charkha, " + workers, on_all);
  return out.verdict(good, good ? "each time the same sum" : "a sum differs");
}

}  // namespace demo
