// SPDX-License-Identifier: Apache-2.0
// A call that is to come, between whoever collects its timer, whoever cancels it and whoever drops the last handle: it
// is made once at most, and what it holds goes once.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <source_location>
#include <utility>

#include "charkha/callback_handle.hpp"
#include "checker/scenario.hpp"
#include "model_runtime.hpp"

using namespace charkha::detail;  // NOLINT(google-build-using-namespace)
using charkha::callback_handle;
using charkha::model::explore;
using charkha::model::model_runtime;
using charkha::model::scenario;

namespace {

struct tally {
  int made = 0;
  int gone = 0;
};

class function {
 public:
  explicit function(tally& of) noexcept : tally_(&of) {}
  function(function&& other) noexcept : tally_(std::exchange(other.tally_, nullptr)) {}
  function(const function&) = delete;
  function& operator=(const function&) = delete;
  ~function() {
    if (tally_ != nullptr) ++tally_->gone;
  }
  void operator()() const noexcept { ++tally_->made; }

 private:
  tally* tally_;
};

callback_handle call_at(model_runtime& runtime, worker* here, std::int64_t deadline, tally& of) {
  return schedule_call(runtime.state(), here, deadline, function(of), std::source_location::current());
}

// What a worker does at one look at the timers.
void collect(model_runtime& runtime, worker& here) {
  ready_item* due = nullptr;
  runtime.state().timers().collect(0, 6000, [&due](ready_item& item) { due = &item; });
  if (due != nullptr) due->run(here);
}

void check_over(scenario& run, model_runtime& runtime, const tally& counts) {
  run.check(counts.made <= 1, "made once at most");
  run.check(counts.gone == 1, "and over");
  run.check(runtime.state().timers().armed() == 0, "nothing is armed");
}

}  // namespace

TEST_CASE("a call that a worker armed: cancelled twice while it is collected, by handles that are dropped") {
  const auto found = explore({.name = "callback: cancel against collect", .preemptions = 3}, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, std::size_t{2}, 0);
    auto& counts = run.make<tally>();
    auto mine = call_at(runtime, &runtime.state().worker_at(0), 5000, counts);
    auto& other = run.make<callback_handle>(mine);
    run.thread("collector", [&] { collect(runtime, runtime.state().worker_at(1)); });
    run.thread("canceller", [&] {
      other.cancel();
      run.check(other.cancelled(), "he has cancelled it");
      other = {};
    });
    mine.cancel();
    run.check(mine.cancelled(), "and so has this one");
    mine = {};
    run.join();
    check_over(run, runtime, counts);
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("a call that is asked for outside: cancelled while a worker arms it and another one collects it") {
  const auto found = explore({.name = "callback: cancel against arm", .preemptions = 3}, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, std::size_t{2}, 0);
    auto& counts = run.make<tally>();
    auto mine = call_at(runtime, nullptr, 5000, counts);
    run.thread("worker", [&] {
      worker& here = runtime.state().worker_at(0);
      set_current_worker(&here);
      if (ready_item* item = runtime.state().injected().try_pop()) item->run(here);
      collect(runtime, here);
      set_current_worker(nullptr);
    });
    run.thread("collector", [&] { collect(runtime, runtime.state().worker_at(1)); });
    mine.cancel();
    run.check(mine.cancelled(), "it was cancelled");
    mine = {};
    run.join();
    check_over(run, runtime, counts);
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("a call that is due, and cancelled before it has its turn, is not made") {
  const auto found = explore({.name = "callback: cancel against its turn", .preemptions = 3}, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, std::size_t{2}, 0);
    auto& counts = run.make<tally>();
    auto& cancelled = run.make<std::atomic<bool>>(false);
    auto mine = call_at(runtime, &runtime.state().worker_at(0), 5000, counts);
    run.thread("collector", [&] {
      ready_item* due = nullptr;
      runtime.state().timers().collect(0, 6000, [&due](ready_item& item) { due = &item; });
      if (due == nullptr) return;
      const bool too_late = cancelled.load(std::memory_order_acquire);
      due->run(runtime.state().worker_at(1));
      run.check(!too_late || counts.made == 0, "not made");
    });
    mine.cancel();
    cancelled.store(true, std::memory_order_release);
    mine = {};
    run.join();
    run.check(counts.gone == 1, "and over");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
