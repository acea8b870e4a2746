// SPDX-License-Identifier: Apache-2.0
// A tree of ten children a node, SIZE levels deep; each sends its sum to its parent by a channel.
#include "../support/asio_program.hpp"
#include "skynet.hpp"

namespace {

using values = compare::channel<std::uint64_t>;

compare::awaitable<void> node(std::uint64_t first, std::uint64_t leaves, std::shared_ptr<values> out) {
  std::uint64_t sum = first;
  if (leaves > 1) {
    const auto part = leaves / 10;
    auto in = std::make_shared<values>(compare::loop->get_executor(), 10);
    for (std::uint64_t i = 0; i < 10; ++i) {
      asio::co_spawn(*compare::loop, node(first + i * part, part, in), compare::detached);
    }
    sum = 0;
    for (int i = 0; i < 10; ++i) sum += co_await in->async_receive(compare::use_awaitable);
  }
  out->try_send(asio::error_code{}, sum);
}

compare::awaitable<void> measure(compare::arguments args) {
  const compare::skynet_tree tree(args.size);
  auto in = std::make_shared<values>(compare::loop->get_executor(), 1);
  const compare::stopwatch watch;
  asio::co_spawn(*compare::loop, node(0, tree.leaves, in), compare::detached);
  const auto sum = co_await in->async_receive(compare::use_awaitable);
  compare::report(tree.nodes, watch.seconds());
  compare::require(sum == tree.sum(), "sum");
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
