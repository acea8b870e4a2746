// SPDX-License-Identifier: Apache-2.0
// The work-stealing deque in both its uses: each item is given out exactly once, with what its maker wrote in it.
#include "charkha/detail/deque.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <span>

#include "checker/atomic.hpp"
#include "checker/scenario.hpp"

using charkha::detail::steal_result;
using charkha::model::explore;
using charkha::model::options;
using charkha::model::scenario;

namespace {

constexpr unsigned most_items = 6;
constexpr std::int64_t around_zero = -2;  // indexes pass from negative to positive
// The last lap that the indexes have room for.
constexpr std::int64_t near_the_end = INT64_MAX - 16;

struct item {
  int written = 0;  // plainly, before the push; read by whoever gets the item
  bool given_out = false;
};

// A deque and what is put in; `pushed` items exist, and at the end each has been given out once.
struct bench {
  bench(scenario& of, std::size_t capacity, std::int64_t first) : run(of), queue(capacity, first) {}

  void push() {
    items[pushed].written = 1;
    queue.push(&items[pushed++]);
  }
  void push_two() {
    std::array<item*, 2> both{};
    for (item*& each : both) {
      items[pushed].written = 1;
      each = &items[pushed++];
    }
    queue.reserve(2);
    queue.push_reserved(std::span<item* const>(both));
  }
  bool got(item* one) {
    if (one == nullptr) return false;
    run.check(one->written == 1, "what was written before the push is there");
    run.check(!one->given_out, "an item is given out once");
    one->given_out = true;  // two who get the same item race here, too
    return true;
  }
  bool pop() { return got(queue.pop()); }
  bool take() { return got(queue.take()); }
  steal_result steal() {
    item* one = nullptr;
    const auto result = queue.steal(one);
    if (result == steal_result::stolen) run.check(got(one), "what is stolen is an item");
    return result;
  }
  // A thief that does not give up while there may be something.
  bool steal_one() {
    for (;;) {
      const auto result = steal();
      if (result != steal_result::lost_race) return result == steal_result::stolen;
    }
  }
  void finish(bool from_the_top = false) {
    run.join();
    while (from_the_top ? take() : pop()) {
    }
    for (unsigned i = 0; i < pushed; ++i) run.check(items[i].given_out, "no item is lost");
    run.check(queue.empty() && queue.size() == 0, "nothing is left");
  }

  scenario& run;
  charkha::detail::deque<item, charkha::model::atomics> queue;
  std::array<item, most_items> items{};
  unsigned pushed = 0;
};

}  // namespace

TEST_CASE("fork deque: owner and thief race for the last item") {
  for (const auto first : {std::int64_t{0}, around_zero, near_the_end}) {
    const auto found = explore({.name = "fork deque: the last item, one thief"}, [=](scenario& run) {
      auto& b = run.make<bench>(run, 2, first);
      b.push();
      run.thread("thief", [&] { static_cast<void>(b.steal()); });
      static_cast<void>(b.pop());
      b.finish();
    });
    CHECK_MESSAGE(found.holds(), found.failure);
  }
}

TEST_CASE("fork deque: the owner pushes and pops while a thief steals") {
  const auto found = explore({.name = "fork deque: push, push, pop, pop; steal, steal"}, [](scenario& run) {
    auto& b = run.make<bench>(run, 2, around_zero);
    run.thread("thief", [&] {
      static_cast<void>(b.steal());
      static_cast<void>(b.steal());
    });
    b.push();
    b.push();
    static_cast<void>(b.pop());
    static_cast<void>(b.pop());
    b.finish();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("fork deque: a slot is used again only after it was read") {
  const auto found = explore({.name = "fork deque: wrap-around"}, [](scenario& run) {
    auto& b = run.make<bench>(run, 2, near_the_end);
    b.push();
    b.push();
    run.thread("thief", [&] { static_cast<void>(b.steal()); });
    static_cast<void>(b.pop());
    b.push();
    static_cast<void>(b.pop());
    b.push();
    b.finish();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("fork deque: it grows under a thief's hands") {
  const auto found = explore({.name = "fork deque: growth"}, [](scenario& run) {
    auto& b = run.make<bench>(run, 1, around_zero);
    b.push();
    run.thread("thief", [&] {
      static_cast<void>(b.steal());
      static_cast<void>(b.steal());
    });
    b.push();
    b.push();
    static_cast<void>(b.pop());
    b.finish();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("fork deque: several pushed at once, into a ring that has no room for them") {
  const auto found = explore({.name = "fork deque: two pushed at once"}, [](scenario& run) {
    auto& b = run.make<bench>(run, 1, around_zero);
    run.thread("thief", [&] {
      static_cast<void>(b.steal());
      static_cast<void>(b.steal());
    });
    b.push_two();
    static_cast<void>(b.pop());
    b.finish();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("fork deque: two thieves and the owner, two items") {
  const auto found = explore({.name = "fork deque: two thieves"}, [](scenario& run) {
    auto& b = run.make<bench>(run, 2, around_zero);
    b.push();
    b.push();
    run.thread("thief", [&] { static_cast<void>(b.steal()); });
    run.thread("other thief", [&] { static_cast<void>(b.steal()); });
    static_cast<void>(b.pop());
    static_cast<void>(b.pop());
    b.finish();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("fork deque: a thief that finds it empty, or that lost a race, is told so truthfully") {
  const auto found = explore({.name = "fork deque: a thief that insists"}, [](scenario& run) {
    auto& b = run.make<bench>(run, 2, around_zero);
    b.push();
    b.push();
    bool mine = false, yours = false, popped = false;
    run.thread("thief", [&] { mine = b.steal_one(); });
    run.thread("other thief", [&] { yours = b.steal_one(); });
    popped = b.pop();
    run.join();
    run.check((mine ? 1 : 0) + (yours ? 1 : 0) + (popped ? 1 : 0) == 2, "two of three get one of two");
    b.finish();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("ready queue: the owner takes the oldest while a thief steals") {
  const auto found = explore({.name = "ready queue: push, push, take, take; steal, steal"}, [](scenario& run) {
    auto& b = run.make<bench>(run, 2, around_zero);
    run.thread("thief", [&] {
      static_cast<void>(b.steal());
      static_cast<void>(b.steal());
    });
    b.push();
    b.push();
    static_cast<void>(b.take());
    static_cast<void>(b.take());
    b.finish(true);
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("ready queue: a slot is used again only after it was read") {
  const auto found = explore({.name = "ready queue: wrap-around"}, [](scenario& run) {
    auto& b = run.make<bench>(run, 2, near_the_end);
    b.push();
    b.push();
    run.thread("thief", [&] {
      static_cast<void>(b.steal());
      static_cast<void>(b.steal());
    });
    static_cast<void>(b.take());
    b.push();
    b.push();
    b.finish(true);
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("ready queue: two thieves and the owner at the top end") {
  const auto found = explore({.name = "ready queue: two thieves"}, [](scenario& run) {
    auto& b = run.make<bench>(run, 2, around_zero);
    b.push();
    b.push();
    run.thread("thief", [&] { static_cast<void>(b.steal()); });
    run.thread("other thief", [&] { static_cast<void>(b.steal()); });
    b.push();
    static_cast<void>(b.take());
    b.finish(true);
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("many steps, two thieves, random priorities") {
  const auto found = explore({.name = "both uses at once, at random", .random = 20'000}, [](scenario& run) {
    auto& b = run.make<bench>(run, 1, around_zero);
    const auto thief = [&] {
      for (int i = 0; i < 3; ++i) static_cast<void>(b.steal());
    };
    run.thread("thief", thief);
    run.thread("other thief", thief);
    b.push();
    b.push();
    static_cast<void>(b.pop());
    b.push();
    b.push();
    static_cast<void>(b.take());
    static_cast<void>(b.pop());
    b.push();
    b.finish();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
