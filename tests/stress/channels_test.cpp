// SPDX-License-Identifier: Apache-2.0
// oneshot, watch and broadcast on real threads: senders outside the runtime, receivers on all workers, ends that go at
// any moment.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"

namespace {

using charkha::coro;
using charkha::create_task;
using charkha::task;

}  // namespace

TEST_CASE("oneshot: replies from a foreign thread, one for each request, none for those who gave up") {
  constexpr int requests = 500;
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    charkha::runtime rt({.workers = workers});
    std::vector<charkha::oneshot_sender<int>> senders;
    std::vector<task<int>> asking;
    std::atomic<int> given_up{0};
    auto ask = [&](charkha::oneshot_receiver<int> reply, bool patient) -> coro<int> {
      if (!patient) {
        co_await charkha::yield();
        given_up.fetch_add(1);
        co_return -1;
      }
      co_return co_await reply.receive();
    };
    for (int i = 0; i < requests; ++i) {
      auto ends = charkha::create_oneshot<int>();
      senders.push_back(std::move(ends.sender));
      asking.push_back(rt.spawn(ask(std::move(ends.receiver), i % 3 != 0)));
    }
    int accepted = 0;
    for (int i = 0; i < requests; ++i) {
      if (i % 7 == 1) {
        const auto dropped = std::move(senders[static_cast<std::size_t>(i)]);
      } else if (senders[static_cast<std::size_t>(i)].send(i)) {
        ++accepted;
      }
    }
    int received = 0, closed = 0;
    for (int i = 0; i < requests; ++i) {
      try {
        const int value = asking[static_cast<std::size_t>(i)].get();
        CHECK((value == i || value == -1));
        if (value == i) ++received;
      } catch (const charkha::channel_closed&) {
        CHECK(i % 7 == 1);
        ++closed;
      }
    }
    CHECK(received + closed + given_up == requests);
    CHECK(accepted >= received);
  }
}

TEST_CASE("watch: values from a foreign thread are seen in order, and the last one by all") {
  constexpr std::uint64_t values = 5'000;
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    std::optional<charkha::watch<std::uint64_t>> w(std::in_place, 0U);
    charkha::runtime rt({.workers = workers});
    auto follow = [](charkha::watch_receiver<std::uint64_t> seen) -> coro<std::uint64_t> {
      std::uint64_t last = seen.get();
      try {
        for (;;) {
          co_await seen.changed();
          const auto now = seen.get();
          if (now <= last) co_return std::uint64_t{0};
          last = now;
        }
      } catch (const charkha::channel_closed&) {
      }
      co_return last;
    };
    std::vector<task<std::uint64_t>> followers;
    for (int i = 0; i < 8; ++i) followers.push_back(rt.spawn(follow(w->subscribe())));
    for (std::uint64_t i = 1; i <= values; ++i) w->send(i);
    w.reset();
    for (const auto& each : followers) CHECK(each.get() == values);
  }
}

TEST_CASE("broadcast: two foreign senders, receivers that come and go, each one's order is kept") {
  constexpr std::uint64_t each_sends = 3'000;
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    charkha::broadcast<std::pair<int, std::uint64_t>> news(64);
    charkha::runtime rt({.workers = workers});
    std::atomic<int> wrong{0};
    auto listen = [&](charkha::broadcast_receiver<std::pair<int, std::uint64_t>> inbox,
                      std::uint64_t leaves_after) -> coro<std::uint64_t> {
      std::array<std::uint64_t, 2> next{};
      std::uint64_t had = 0;
      for (;;) {
        try {
          const auto got = co_await inbox.receive();
          auto& expected = next.at(static_cast<std::size_t>(got.first));
          if (got.second < expected) wrong.fetch_add(1);
          expected = got.second + 1;
          if (++had == leaves_after) co_return had;
        } catch (const charkha::broadcast_lagged& lagged) {
          had += lagged.missed();
        } catch (const charkha::channel_closed&) {
          break;
        }
      }
      co_return had;
    };
    std::vector<task<std::uint64_t>> stay, leave;
    for (int i = 0; i < 4; ++i) {
      stay.push_back(rt.spawn(listen(news.subscribe(), 0)));
      leave.push_back(rt.spawn(listen(news.subscribe(), 10)));
    }
    auto send = [&](int me) {
      for (std::uint64_t i = 0; i < each_sends; ++i) news.send({me, i});
    };
    std::thread first(send, 0), second(send, 1);
    first.join();
    second.join();
    news.close();
    for (const auto& one : stay) CHECK(one.get() == 2 * each_sends);
    for (const auto& one : leave) static_cast<void>(one.get());
    CHECK(wrong == 0);
    CHECK(news.receiver_count() == 0);
  }
}
