// SPDX-License-Identifier: Apache-2.0
// 1,000 tasks that yield SIZE / 1,000 times each.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

constexpr std::uint64_t tasks = 1000;

charkha::coro<> yields(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) co_await charkha::yield();
}

charkha::coro<> measure(std::uint64_t size) {
  const compare::stopwatch watch;
  std::vector<charkha::task<>> all;
  all.reserve(tasks);
  for (std::uint64_t i = 0; i < tasks; ++i) all.push_back(charkha::create_task(yields(size / tasks)));
  for (auto& task : all) co_await task;
  compare::report(size / tasks * tasks, watch.seconds());
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args.size), {.workers = static_cast<int>(args.workers)});
}
