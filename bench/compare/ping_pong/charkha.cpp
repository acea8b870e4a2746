// SPDX-License-Identifier: Apache-2.0
// Two tasks that wait for each other SIZE times: by event, by queue, or by a future for each message.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

charkha::coro<> by_event(std::uint64_t rounds, charkha::event& mine, charkha::event& other, bool begins) {
  for (std::uint64_t i = 0; i < rounds; ++i) {
    if (begins) other.set();
    co_await mine.wait();
    mine.clear();
    if (!begins) other.set();
  }
}

charkha::coro<> by_queue(std::uint64_t rounds, charkha::queue<std::uint64_t>& mine,
                         charkha::queue<std::uint64_t>& other, bool begins) {
  for (std::uint64_t i = 0; i < rounds; ++i) {
    if (begins) co_await other.put(i);
    const auto got = co_await mine.get();
    compare::require(got == i, "message");
    if (!begins) co_await other.put(i);
  }
}

/// Where one side leaves the future that it waits for next.
struct mailbox {
  charkha::future<std::uint64_t> expected = charkha::create_future<std::uint64_t>();
};

charkha::coro<> by_future(std::uint64_t rounds, mailbox& mine, mailbox& other, bool begins) {
  for (std::uint64_t i = 0; i < rounds; ++i) {
    if (begins) other.expected.set_result(i);
    const auto expected = mine.expected;
    const auto got = co_await expected;
    compare::require(got == i, "message");
    mine.expected = charkha::create_future<std::uint64_t>();
    if (!begins) other.expected.set_result(i);
  }
}

template <class Box, class Side>
charkha::coro<> play(std::uint64_t rounds, Side side, Box& a, Box& b) {
  const compare::stopwatch watch;
  auto ping = charkha::create_task(side(rounds, a, b, true));
  auto pong = charkha::create_task(side(rounds, b, a, false));
  co_await ping;
  co_await pong;
  compare::report(rounds, watch.seconds());
}

charkha::coro<> measure(const compare::arguments& args) {
  if (args.variant.empty() || args.variant == "event") {
    charkha::event a, b;
    co_await play(args.size, by_event, a, b);
  } else if (args.variant == "queue") {
    charkha::queue<std::uint64_t> a(1), b(1);
    co_await play(args.size, by_queue, a, b);
  } else if (args.variant == "future") {
    mailbox a, b;
    co_await play(args.size, by_future, a, b);
  } else {
    compare::cannot();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args), {.workers = static_cast<int>(args.workers)});
}
