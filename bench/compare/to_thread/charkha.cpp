// SPDX-License-Identifier: Apache-2.0
// SIZE empty functions on the thread pool, one at a time; with the variant "all" all in flight at once.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

charkha::coro<std::uint64_t> call(std::uint64_t value) {
  co_return co_await charkha::to_thread([value] { return value; });
}

charkha::coro<> measure(const compare::arguments& args) {
  const compare::stopwatch watch;
  std::uint64_t sum = 0;
  if (args.variant == "all") {
    std::vector<charkha::task<std::uint64_t>> calls;
    calls.reserve(args.size);
    for (std::uint64_t i = 0; i < args.size; ++i) calls.push_back(charkha::create_task(call(i)));
    for (auto& task : calls) sum += co_await task;
  } else {
    for (std::uint64_t i = 0; i < args.size; ++i) sum += co_await call(i);
  }
  compare::report(args.size, watch.seconds());
  compare::require(sum == args.size * (args.size - 1) / 2, "sum");
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args), {.workers = static_cast<int>(args.workers)});
}
