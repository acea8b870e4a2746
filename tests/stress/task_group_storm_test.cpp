// SPDX-License-Identifier: Apache-2.0
// Task groups on real threads: children that create children, fail and end, while workers and foreign threads cancel
// the group, cancel its owner and add children.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "charkha/charkha.hpp"
#include "support/outcome.hpp"
#include "support/report_log.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::coro;
using charkha::task_group;
using charkha::test::outcome_of;

/// Counts how many of it are alive, on any thread.
class counted {
 public:
  explicit counted(std::atomic<int>& alive) noexcept : alive_(&alive) { ++*alive_; }
  counted(const counted& other) noexcept : counted(*other.alive_) {}
  counted& operator=(const counted&) = delete;
  ~counted() { --*alive_; }

 private:
  std::atomic<int>* alive_;
};

struct storm {
  std::atomic<int> alive = 0;
  std::atomic<int> created = 0;

  coro<> child(task_group& group, counted held, unsigned seed, int depth) {
    ++created;
    if (seed % 3 == 0) co_await charkha::yield();
    for (int i = 0; i < 2 && depth > 0; ++i) {
      try {
        group.create_task(child(group, held, seed * 7 + 3 + static_cast<unsigned>(i), depth - 1));
      } catch (const charkha::usage_error&) {
        co_return;  // the group has stopped
      }
    }
    if (seed % 97 == 5) throw std::runtime_error("bad");
    if (seed % 5 == 1) co_await charkha::sleep(std::chrono::microseconds(seed % 50));
    if (seed % 31 == 2) group.cancel();
  }

  coro<std::string> round(task_group& group, unsigned seed, std::atomic<bool>& entered) {
    auto body = [&]() -> coro<> {
      entered = true;
      try {
        for (unsigned i = 0; i < 4; ++i) group.create_task(child(group, counted(alive), seed * 5 + i, 5));
      } catch (const charkha::usage_error&) {  // an earlier child has stopped the group
      }
      if (seed % 2 == 0) co_await charkha::sleep(20us);
    };
    const std::string outcome = co_await outcome_of(group.run(body));
    // A request from outside may come at any time; the group's own must be gone.
    const auto left = charkha::test::requests_here();
    co_return outcome + (left <= 1 ? "" : " and requests are left");
  }
};

}  // namespace

TEST_CASE("groups in a storm: every one ends with one outcome, and nothing is left") {
  for (const int workers : {1, 2, 4}) {
    CAPTURE(workers);
    storm all;
    charkha::test::report_log reports;
    int done = 0;
    int cancelled = 0;
    int failed = 0;
    {
      charkha::runtime runtime({.workers = workers, .reports = &reports});
      for (unsigned seed = 0; seed < 150; ++seed) {
        task_group group;
        std::atomic<bool> entered = false;
        auto owner = runtime.spawn(all.round(group, seed, entered));
        while (!entered) std::this_thread::yield();
        for (unsigned i = 0; i < 5; ++i) {
          try {
            group.create_task(all.child(group, counted(all.alive), seed + i, 2));
          } catch (const charkha::usage_error&) {  // it has stopped or ended
          }
          if (seed % 7 == i) group.cancel();
          if (seed % 11 == i) owner.cancel("stop");
        }
        std::string outcome;
        try {
          outcome = owner.get();
        } catch (const charkha::cancelled_error& request) {
          outcome = "cancelled(" + request.message() + ")";
        }
        if (outcome == "cancelled(stop)") {
          ++cancelled;
        } else if (outcome.starts_with("{bad") && outcome.ends_with("}")) {
          ++failed;
        } else {
          CHECK(outcome == "done");
          ++done;
        }
      }
    }
    CHECK(done + cancelled + failed == 150);
    CHECK(failed > 0);
    CHECK(all.created > 300);
    CHECK(all.alive == 0);
    CHECK(reports.count() == 0);
  }
}
