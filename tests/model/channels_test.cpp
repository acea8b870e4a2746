// SPDX-License-Identifier: Apache-2.0
// Channels between tasks on two workers: what is sent is received, once, with what was written before it, whoever is
// cancelled or goes away meanwhile.
#include <doctest/doctest.h>

#include <utility>

#include "charkha/broadcast.hpp"
#include "charkha/channel_closed.hpp"
#include "charkha/coro.hpp"
#include "charkha/oneshot.hpp"
#include "charkha/watch.hpp"
#include "end_mark.hpp"
#include "explore_both_ways.hpp"
#include "model_runtime.hpp"

using charkha::coro;
using charkha::model::end_mark;
using charkha::model::explore_both_ways;
using charkha::model::model_runtime;
using charkha::model::scenario;

namespace {

coro<> receive_one(charkha::oneshot_receiver<int> from, int& got, const int& cargo, scenario& run, end_mark /*ends*/) {
  got = co_await from.receive();
  run.check(cargo == 1, "what was written before is there");
}

coro<> see_change(charkha::watch_receiver<int> of, int& seen, end_mark /*ends*/) {
  co_await of.changed();
  seen = of.get();
}

coro<> hear_both(charkha::broadcast_receiver<int> from, int& sum, end_mark /*ends*/) {
  sum += co_await from.receive();
  sum += co_await from.receive();
}

}  // namespace

TEST_CASE("oneshot: a value is received, or its sender learns that it was not") {
  const auto failure = explore_both_ways(
      {.name = "oneshot: send against a cancelled receiver", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 1);
        auto& got = run.make<int>(0);
        auto& cargo = run.make<int>(0);
        auto ends = charkha::create_oneshot<int>();
        auto receiver = runtime.spawn(receive_one(std::move(ends.receiver), got, cargo, run, end_mark(runtime)));
        runtime.start();
        run.thread("canceller", [&] { receiver.cancel(); });
        cargo = 1;
        const bool sent = ends.sender.send(7);
        run.join();
        run.check(got == 0 || (got == 7 && sent), "never more than was sent");
        run.check(got == 7 || receiver.cancelled(), "received, but by one who was cancelled");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("watch: who waits for a change sees the value or a newer one, both who wait") {
  const auto failure = explore_both_ways({.name = "watch: two who wait", .preemptions = 1}, 3000, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 2, 2);
    auto& a = run.make<int>(0);
    auto& b = run.make<int>(0);
    charkha::watch<int> value(0);
    auto first = runtime.spawn(see_change(value.subscribe(), a, end_mark(runtime)));
    auto second = runtime.spawn(see_change(value.subscribe(), b, end_mark(runtime)));
    runtime.start();
    value.send(1);
    value.send(2);
    run.join();
    run.check(a >= 1 && b >= 1, "both saw a change");
  });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("broadcast: each receiver gets each message") {
  const auto failure =
      explore_both_ways({.name = "broadcast: two receivers", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 2);
        auto& a = run.make<int>(0);
        auto& b = run.make<int>(0);
        charkha::broadcast<int> news(2);
        auto first = runtime.spawn(hear_both(news.subscribe(), a, end_mark(runtime)));
        auto second = runtime.spawn(hear_both(news.subscribe(), b, end_mark(runtime)));
        runtime.start();
        run.thread("sends", [&] { news.send(1); });
        news.send(10);
        run.join();
        run.check(a == 11 && b == 11, "both messages, each once");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}
