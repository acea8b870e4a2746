// SPDX-License-Identifier: Apache-2.0
// 1,000 tasks that take one lock SIZE / 1,000 times each and count; with the variant "yield" they yield inside.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

constexpr std::uint64_t tasks = 1000;

charkha::coro<> count(charkha::lock& lock, std::uint64_t& counter, std::uint64_t times, bool yields) {
  for (std::uint64_t i = 0; i < times; ++i) {
    auto guard = co_await lock.hold();
    const auto seen = counter;
    if (yields) co_await charkha::yield();
    counter = seen + 1;
  }
}

charkha::coro<> measure(const compare::arguments& args) {
  charkha::lock lock;
  std::uint64_t counter = 0;
  const compare::stopwatch watch;
  std::vector<charkha::task<>> all;
  for (std::uint64_t i = 0; i < tasks; ++i) {
    all.push_back(charkha::create_task(count(lock, counter, args.size / tasks, args.variant == "yield")));
  }
  for (auto& task : all) co_await task;
  compare::report(args.size / tasks * tasks, watch.seconds());
  compare::require(counter == args.size / tasks * tasks, "count");
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args), {.workers = static_cast<int>(args.workers)});
}
