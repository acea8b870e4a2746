// SPDX-License-Identifier: Apache-2.0
// SIZE time-outs, one after the other, around an operation that is ready, or suspends once ("yield"), the latter also
// with 100,000 timers pending ("pending").
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

using namespace std::chrono_literals;

charkha::coro<std::uint64_t> ready(std::uint64_t value) { co_return value; }
charkha::coro<std::uint64_t> yields(std::uint64_t value) {
  co_await charkha::yield();
  co_return value;
}

template <class Operation>
charkha::coro<> measure(std::uint64_t count, Operation operation) {
  std::uint64_t sum = 0;
  const compare::stopwatch watch;
  for (std::uint64_t i = 0; i < count; ++i) sum += co_await charkha::timeout(60s, operation(i));
  compare::report(count, watch.seconds());
  compare::require(sum == count * (count - 1) / 2, "sum");
}

charkha::coro<> measure(const compare::arguments& args) {
  if (args.variant.empty() || args.variant == "ready") {
    co_await measure(args.size, ready);
  } else if (args.variant == "yield") {
    co_await measure(args.size, yields);
  } else if (args.variant == "pending") {
    std::vector<charkha::callback_handle> pending;
    for (int i = 0; i < 100'000; ++i) pending.push_back(charkha::call_later(600s + i * 1ms, [] {}));
    co_await measure(args.size, yields);
    for (auto& handle : pending) handle.cancel();
  } else {
    compare::cannot();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args), {.workers = static_cast<int>(args.workers)});
}
