// SPDX-License-Identifier: Apache-2.0
// 1,000 tasks that take one of ten permits SIZE / 1,000 times each; with the variant "yield" they yield inside.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

constexpr std::uint64_t tasks = 1000;

charkha::coro<> hold(charkha::semaphore& permits, std::uint64_t times, bool yields) {
  for (std::uint64_t i = 0; i < times; ++i) {
    auto guard = co_await permits.hold();
    if (yields) co_await charkha::yield();
  }
}

charkha::coro<> measure(const compare::arguments& args) {
  charkha::semaphore permits(10);
  const compare::stopwatch watch;
  std::vector<charkha::task<>> all;
  for (std::uint64_t i = 0; i < tasks; ++i) {
    all.push_back(charkha::create_task(hold(permits, args.size / tasks, args.variant == "yield")));
  }
  for (auto& task : all) co_await task;
  compare::report(args.size / tasks * tasks, watch.seconds());
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args), {.workers = static_cast<int>(args.workers)});
}
