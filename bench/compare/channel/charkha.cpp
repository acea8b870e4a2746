// SPDX-License-Identifier: Apache-2.0
// SIZE messages from 4 producers through one queue of 1,024 places to 4 consumers; with the variant "one" to one.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

constexpr std::uint64_t producers = 4;

charkha::coro<> produce(charkha::queue<std::uint64_t>& queue, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) co_await queue.put(first + i);
}

charkha::coro<std::uint64_t> consume(charkha::queue<std::uint64_t>& queue, std::uint64_t count) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) sum += co_await queue.get();
  co_return sum;
}

charkha::coro<> measure(const compare::arguments& args) {
  const std::uint64_t consumers = args.variant == "one" ? 1 : 4;
  const std::uint64_t each = args.size / producers, all = each * producers;
  charkha::queue<std::uint64_t> queue(1024);
  const compare::stopwatch watch;
  std::vector<charkha::task<>> senders;
  std::vector<charkha::task<std::uint64_t>> receivers;
  for (std::uint64_t i = 0; i < producers; ++i) senders.push_back(charkha::create_task(produce(queue, i * each, each)));
  for (std::uint64_t i = 0; i < consumers; ++i)
    receivers.push_back(charkha::create_task(consume(queue, all / consumers)));
  std::uint64_t sum = 0;
  for (auto& task : senders) co_await task;
  for (auto& task : receivers) sum += co_await task;
  compare::report(all, watch.seconds());
  compare::require(sum == all * (all - 1) / 2, "sum");
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args), {.workers = static_cast<int>(args.workers)});
}
