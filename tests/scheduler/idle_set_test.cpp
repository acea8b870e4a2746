// SPDX-License-Identifier: Apache-2.0
// Who is searching, who is parked, who watches the timers: the protocol step by step, then on threads.
#include "idle_set.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "support/seeds.hpp"

using charkha::detail::idle_set;

TEST_CASE("at first nobody is idle and nobody is picked") {
  idle_set idle(4);
  CHECK_FALSE(idle.any_parked());
  CHECK(idle.searching() == 0);
  CHECK(idle.pick_for_work() == idle_set::nobody);
  CHECK(idle.pick_for_deadline(0) == idle_set::nobody);
  CHECK_FALSE(idle.retract(0));
}

TEST_CASE("half of the workers may search, and always one") {
  for (const auto& [workers, searchers] :
       std::vector<std::pair<std::size_t, std::size_t>>{{1, 1}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {8, 4}, {16, 8}}) {
    CAPTURE(workers);
    idle_set idle(workers);
    std::size_t admitted = 0;
    while (admitted <= workers && idle.try_begin_search()) ++admitted;
    CHECK(admitted == searchers);
    CHECK(idle.searching() == searchers);
    for (std::size_t left = searchers; left > 0; --left) CHECK(idle.end_search() == (left == 1));
    CHECK(idle.searching() == 0);
    CHECK(idle.try_begin_search());
  }
}

TEST_CASE("the first to park is the keeper, the next ones are not once he has a deadline") {
  idle_set idle(4);
  CHECK(idle.announce(2, false));
  idle.set_keeper_deadline(2, 1000);
  CHECK_FALSE(idle.announce(0, false));
  CHECK_FALSE(idle.announce(1, false));
  CHECK(idle.any_parked());
}

TEST_CASE("a keeper without a deadline hands the office to whoever parks next") {
  idle_set idle(4);
  CHECK(idle.announce(0, false));
  idle.set_keeper_deadline(0, idle_set::never);
  CHECK(idle.announce(1, false));
  idle.set_keeper_deadline(0, 5);  // not the keeper any more: ignored
  idle.set_keeper_deadline(1, 700);
  CHECK(idle.pick_for_deadline(800) == idle_set::nobody);
  CHECK(idle.pick_for_deadline(600) == 1);
}

TEST_CASE("work wakes the one who parked last, never a second while somebody searches") {
  idle_set idle(4);
  for (const std::size_t worker : {0U, 1U, 2U}) {
    if (idle.announce(worker, false)) idle.set_keeper_deadline(worker, 50);
  }
  CHECK(idle.pick_for_work() == 2);
  CHECK(idle.searching() == 1);  // whoever is picked counts as searching
  CHECK(idle.pick_for_work() == idle_set::nobody);
  CHECK(idle.end_search());
  CHECK(idle.pick_for_work() == 1);
  CHECK(idle.end_search());
  CHECK(idle.pick_for_work() == 0);
  CHECK(idle.end_search());
  CHECK(idle.pick_for_work() == idle_set::nobody);
  CHECK_FALSE(idle.any_parked());
}

TEST_CASE("a searching worker that parks stops searching in the same step") {
  idle_set idle(4);
  CHECK(idle.try_begin_search());
  CHECK(idle.announce(3, true));
  CHECK(idle.searching() == 0);
  CHECK(idle.pick_for_work() == 3);
  CHECK(idle.searching() == 1);
}

TEST_CASE("retract: in the list it comes out and searches, out of it the token is on its way") {
  idle_set idle(4);
  CHECK(idle.announce(1, false));
  CHECK(idle.retract(1));
  CHECK(idle.searching() == 1);
  CHECK_FALSE(idle.any_parked());
  CHECK_FALSE(idle.retract(1));
  CHECK(idle.searching() == 1);

  CHECK(idle.announce(1, true));
  CHECK(idle.pick_for_work() == 1);
  CHECK_FALSE(idle.retract(1));
  CHECK(idle.searching() == 1);
}

TEST_CASE("a deadline wakes the keeper only if he would sleep past it") {
  idle_set idle(4);
  CHECK(idle.announce(0, false));
  idle.set_keeper_deadline(0, 1000);
  CHECK_FALSE(idle.announce(1, false));
  CHECK(idle.pick_for_deadline(1000) == idle_set::nobody);
  CHECK(idle.pick_for_deadline(2000) == idle_set::nobody);
  CHECK(idle.pick_for_deadline(999) == 0);
  CHECK(idle.searching() == 1);
}

TEST_CASE("between announcing and looking at the timers, every deadline is too early for the keeper") {
  idle_set idle(4);
  CHECK(idle.announce(0, false));
  CHECK(idle.pick_for_deadline(idle_set::never - 1) == 0);
}

TEST_CASE("when the keeper leaves, the next deadline finds the one who is left") {
  idle_set idle(4);
  CHECK(idle.announce(0, false));
  idle.set_keeper_deadline(0, 100);
  CHECK_FALSE(idle.announce(1, false));
  CHECK_FALSE(idle.announce(2, false));
  CHECK(idle.retract(0));                   // his deadline came
  CHECK(idle.pick_for_deadline(200) == 1);  // he sleeps without one
  CHECK(idle.pick_for_deadline(300) == 2);
  CHECK(idle.pick_for_deadline(1) == idle_set::nobody);
  CHECK_FALSE(idle.any_parked());
}

TEST_CASE("after the last one left there is no keeper whom a deadline could wake") {
  idle_set idle(2);
  CHECK(idle.announce(0, false));
  idle.set_keeper_deadline(0, 100);
  CHECK(idle.pick_for_work() == 0);
  CHECK(idle.pick_for_deadline(5) == idle_set::nobody);
  idle.set_keeper_deadline(0, 5);  // too late: he is out of the list
  CHECK(idle.announce(1, false));
}

TEST_CASE("random sequences: counts, list and keeper agree with a plain model") {
  for (const auto seed : charkha::test::seeds(50)) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    constexpr std::size_t workers = 6;
    idle_set idle(workers);
    enum class state : std::uint8_t { busy, searching, parked };
    std::vector<state> is(workers, state::busy);
    std::vector<std::size_t> parked;  // the keeper first
    std::int64_t deadline = 0;        // of the keeper
    const auto searching = [&] { return static_cast<std::size_t>(std::count(is.begin(), is.end(), state::searching)); };
    const auto take_out = [&](std::size_t worker) {
      const bool keeper = parked.front() == worker;
      parked.erase(std::find(parked.begin(), parked.end(), worker));
      is[worker] = state::searching;
      if (keeper) deadline = idle_set::never;
    };
    bool right = true;
    for (int step = 0; step < 2000 && right; ++step) {
      const std::size_t worker = random() % workers;
      switch (is[worker]) {
        case state::busy:
          if (random() % 2 == 0) {
            const bool may = 2 * searching() < workers;
            right = right && idle.try_begin_search() == may;
            if (may) is[worker] = state::searching;
            break;
          }
          [[fallthrough]];
        case state::searching:
          if (is[worker] == state::searching && random() % 2 == 0) {
            const bool last = searching() == 1;
            right = right && idle.end_search() == last;
            is[worker] = state::busy;
            break;
          }
          {
            const bool keeper = parked.empty() || deadline == idle_set::never;
            right = right && idle.announce(worker, is[worker] == state::searching) == keeper;
            is[worker] = state::parked;
            parked.insert(keeper ? parked.begin() : parked.end(), worker);
            if (keeper) {
              deadline = random() % 4 == 0 ? idle_set::never : static_cast<std::int64_t>(random() % 100);
              idle.set_keeper_deadline(worker, deadline);
            }
          }
          break;
        case state::parked:
          right = right && idle.retract(worker);
          take_out(worker);
          break;
      }
      if (random() % 3 == 0) {
        const auto expected = parked.empty() || searching() != 0 ? idle_set::nobody : parked.back();
        right = right && idle.pick_for_work() == expected;
        if (expected != idle_set::nobody) take_out(expected);
      }
      if (random() % 3 == 0) {
        const auto wanted = static_cast<std::int64_t>(random() % 100);
        const auto expected = parked.empty() || deadline <= wanted ? idle_set::nobody : parked.front();
        right = right && idle.pick_for_deadline(wanted) == expected;
        if (expected != idle_set::nobody) take_out(expected);
      }
      right = right && idle.searching() == searching() && idle.any_parked() == !parked.empty();
      if (!right) CAPTURE(step);
    }
    CHECK(right);
  }
}

TEST_CASE("on threads: whoever is picked was parked, and is picked once") {
  constexpr std::size_t workers = 3;
  constexpr int rounds = 3000;
  idle_set idle(workers);
  std::atomic<int> tokens[workers] = {};
  std::atomic<int> wrong{0};
  std::vector<std::thread> crowd;
  std::atomic<int> finished{0};
  for (std::size_t worker = 0; worker < workers; ++worker) {
    crowd.emplace_back([&, worker] {
      for (int i = 0; i < rounds; ++i) {
        if (idle.announce(worker, false)) idle.set_keeper_deadline(worker, i % 2 == 0 ? 100 : idle_set::never);
        if (i % 3 == 0 && idle.retract(worker)) {
          // out by itself: nobody gives a token
        } else {
          while (tokens[worker].load() == 0) std::this_thread::yield();
          if (tokens[worker].fetch_sub(1) != 1) wrong.fetch_add(1);
        }
        static_cast<void>(idle.end_search());
      }
      finished.fetch_add(1);
    });
  }
  crowd.emplace_back([&] {
    while (finished.load() != static_cast<int>(workers)) {
      for (const auto picked : {idle.pick_for_work(), idle.pick_for_deadline(50)}) {
        if (picked == idle_set::nobody) continue;
        if (tokens[picked].fetch_add(1) != 0) wrong.fetch_add(1);
      }
      std::this_thread::yield();
    }
  });
  for (auto& thread : crowd) thread.join();
  CHECK(wrong.load() == 0);
  CHECK(idle.searching() == 0);
  CHECK_FALSE(idle.any_parked());
  for (const auto& each : tokens) CHECK(each.load() == 0);
}
