// SPDX-License-Identifier: Apache-2.0
// Small programs that do what asyncio's do, event for event: traces.json holds what CPython 3.13 did under virtual time.
// On one worker the events and their order are CPython's. On more, each task's own events are, with their times.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "conformance/recorder.hpp"
#include "support/report_log.hpp"
#include "support/seeds.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::coro;
using charkha::create_task;
using charkha::task;
using charkha::test::fail_with;
using charkha::test::json;
using charkha::test::now;
using charkha::test::play;
using charkha::test::recorder;
using charkha::test::sleeper;
using charkha::test::sorted;
using charkha::test::value_error;

// ---- the scenarios ---------------------------------------------------------------------------------------------------

coro<> create_task_returns_before_body(recorder& log) {
  log("main", "before");
  auto a = create_task(sleeper(log, "A", 0s, 7));
  log("main", {"after", a.done()});
  const int value = co_await a;
  log("main", {"value", value});
}

coro<> three_turns(recorder& log, std::string name) {
  for (int i = 0; i < 3; ++i) {
    log(name, {name, i});
    co_await charkha::sleep(0s);
  }
}

coro<> fifo_start_and_round_robin(recorder& log) {
  std::vector<task<>> tasks;
  for (const char* name : {"A", "B", "C"}) tasks.push_back(create_task(three_turns(log, name)));
  log("main", "main");
  co_await charkha::gather(tasks);
}

coro<> three_sleeps_take_max_not_sum(recorder& log) {
  const double start = now();
  std::vector<task<std::string>> tasks;
  for (const std::string name : {"A", "B", "C"}) tasks.push_back(create_task(sleeper(log, name, 3s, name)));
  for (const auto& each : tasks) {
    const std::string name = co_await each;
    log("main", name);
  }
  log("main", {"elapsed", now() - start});
}

coro<> three_ticks(recorder& log) {
  for (int i = 0; i < 3; ++i) {
    log("ticker", {"tick", now()});
    co_await charkha::sleep(1s);
  }
}

coro<> ticker_while_two_sleep(recorder& log) {
  auto a = create_task(sleeper(log, "A", 3s));
  auto b = create_task(sleeper(log, "B", 3s));
  auto c = create_task(three_ticks(log));
  co_await a;
  co_await b;
  co_await c;
  log("main", {"elapsed", now()});
}

coro<> cancel_before_start(recorder& log) {
  auto a = create_task(sleeper(log, "A", 1s));
  log("main", {"cancel", a.cancel("m")});
  log("main", {"cancelled?", a.cancelled(), a.done()});
  try {
    co_await a;
  } catch (const charkha::cancelled_error& request) {
    log("main", {"awaiter got", request.message()});
  }
  log("main", a.cancelled());
  log("main", {"again", a.cancel()});
}

coro<> cancel_message_at_await_point(recorder& log) {
  auto a = create_task(sleeper(log, "A", 10s));
  co_await charkha::sleep(1s);
  a.cancel("bye");
  log("main", {"cancel returned", a.done()});
  try {
    co_await a;
  } catch (const charkha::cancelled_error& request) {
    log("main", {"awaiter got", request.message()});
  }
}

coro<int> cancel_oneself_and_return() {
  charkha::current_task().cancel();
  co_return 5;
}

coro<> self_cancel_then_return(recorder& log) {
  auto a = create_task(cancel_oneself_and_return());
  try {
    const int value = co_await a;
    log("main", {"value", value});
  } catch (const charkha::cancelled_error&) {
    log("main", {"cancelled", a.cancelled()});
  }
}

coro<std::string> keep_going() {
  try {
    co_await charkha::sleep(10s);
  } catch (const charkha::cancelled_error&) {
    co_return "kept";
  }
  co_return "slept";
}

coro<> await_inner(recorder& log, const task<std::string>& inner) {
  const std::string value = co_await inner;
  log("outer", {"outer value", value});
  log("outer", {"cancelling", charkha::current_task().cancelling()});
}

coro<> inner_suppresses_cancel(recorder& log) {
  auto inner = create_task(keep_going());
  auto outer = create_task(await_inner(log, inner));
  co_await charkha::sleep(1s);
  outer.cancel();
  co_await outer;
  log("main", outer.cancelled());
}

coro<> cancel_and_uncancel(recorder& log) {
  const auto self = charkha::current_task();
  self.cancel();
  log("a", self.cancelling());
  log("a", self.uncancel());
  try {
    co_await charkha::sleep(0s);
    log("a", "not delivered");
  } catch (const charkha::cancelled_error&) {
    log("a", "delivered");
  }
}

coro<> uncancel_withdraws(recorder& log) {
  auto a = create_task(cancel_and_uncancel(log));
  co_await a;
}

coro<> gather_result_order(recorder& log) {
  auto all = charkha::gather(sleeper<std::string>(log, "A", 3s, "a"), sleeper<std::string>(log, "B", 1s, "b"),
                             sleeper<std::string>(log, "C", 2s, "c"));
  const auto values = co_await all;
  log("main", {std::get<0>(values), std::get<1>(values), std::get<2>(values)});
}

coro<> gather_first_exception(recorder& log) {
  auto b = create_task(sleeper<std::string>(log, "B", 3s, "b"));
  try {
    co_await charkha::gather(b, fail_with(1s, "x"));
  } catch (const value_error& error) {
    log("main", {"raised", error.what(), now(), b.done()});
  }
  const std::string value = co_await b;
  log("main", {value, now()});
}

/// What the error was raised from, by CPython's name.
std::string cause_of(const charkha::timeout_error& error) {
  try {
    std::rethrow_if_nested(error);
  } catch (const charkha::cancelled_error&) {
    return "CancelledError";
  }
  return "None";
}

coro<> sleep_long() { co_await charkha::sleep(5s); }

coro<> time_out(recorder& log) {
  charkha::timeout_scope scope(1s);
  try {
    co_await scope.run(sleep_long());
  } catch (const charkha::timeout_error& error) {
    log("a", {"TimeoutError", now(), scope.expired(), charkha::current_task().cancelling(), cause_of(error)});
  }
}

coro<> timeout_scope(recorder& log) {
  auto a = create_task(time_out(log));
  co_await a;
}

coro<int> spawn_late(recorder& log, charkha::task_group& group) {
  co_await charkha::sleep(1s);
  group.create_task(sleeper(log, "late", 1s, 2));
  co_return 1;
}

coro<> group_and_late_spawn(recorder& log) {
  task<int> child;
  const auto body = [&](charkha::task_group& group) -> coro<> {
    child = group.create_task(spawn_late(log, group));
    log("main", {"body end", now()});
    co_return;
  };
  co_await charkha::with_task_group(body);
  log("main", {"joined", now(), child.result()});
}

coro<> group_of_two(recorder& log) {
  const auto body = [&](charkha::task_group& group) -> coro<> {
    group.create_task(sleeper(log, "A", 5s));
    group.create_task(sleeper(log, "B", 6s));
    co_return;
  };
  co_await charkha::with_task_group(body);
}

coro<> group_cancelled_from_outside(recorder& log) {
  auto owner = create_task(group_of_two(log));
  co_await charkha::sleep(1s);
  owner.cancel("m");
  try {
    co_await owner;
  } catch (const charkha::cancelled_error& request) {
    log("main", {"cancelled", request.message()});
  }
}

coro<> group_with_cancelled_child(recorder& log) {
  task<int> a;
  task<int> b;
  const auto body = [&](charkha::task_group& group) -> coro<> {
    a = group.create_task(sleeper(log, "A", 5s));
    b = group.create_task(sleeper(log, "B", 2s));
    co_await charkha::sleep(1s);
    a.cancel();
  };
  co_await charkha::with_task_group(body);
  log("main", {a.cancelled(), b.done(), now()});
}

coro<std::string> own_name() { co_return charkha::current_task().name(); }

coro<> names(recorder& log) {
  auto named = create_task(own_name(), {.name = "n1"});
  const std::string first = co_await named;
  log("main", first);
  auto numbered = create_task(own_name());
  log("main", numbered.name().starts_with("Task-"));
  numbered.set_name("z");  // before the first turn: a simulated step is never interrupted
  const std::string second = co_await numbered;
  log("main", second);
  log("main", charkha::all_tasks().size());
}

coro<> callbacks_in_order(recorder& log) {
  auto f = charkha::create_future<int>();
  for (const char* name : {"a", "b", "c"}) {
    f.add_done_callback([&log, name](const charkha::any_future&) { log("callback", {"cb", name}); });
  }
  f.set_result(1);
  log("main", "set_result returned");
  co_await charkha::sleep(0s);
  f.add_done_callback([&log](const charkha::any_future&) { log("callback", "late"); });
  log("main", "add on done returned");
  co_await charkha::sleep(1s);  // asyncio's gives up a turn, which is enough with one worker
}

coro<int> behind_shield(recorder& log, task<int> inner) {
  try {
    const int value = co_await charkha::shield(inner);
    co_return value;
  } catch (const charkha::cancelled_error&) {
    log("outer", {"outer cancelled", inner.done()});
    throw;
  }
}

coro<> shielded(recorder& log) {
  auto inner = create_task(sleeper(log, "I", 5s, 9));
  std::vector<task<int>> outer{create_task(behind_shield(log, inner))};
  co_await charkha::sleep(1s);
  outer[0].cancel();
  static_cast<void>(co_await charkha::wait(outer));
  const int value = co_await inner;
  log("main", {outer[0].cancelled(), value});
  auto other = create_task(sleeper(log, "J", 5s, 9));
  outer[0] = create_task(behind_shield(log, other));
  co_await charkha::sleep(1s);
  other.cancel();
  static_cast<void>(co_await charkha::wait(outer));
  log("main", outer[0].cancelled());
}

coro<> gather_errors_as_values(recorder& log) {
  auto both = charkha::gather(charkha::return_exceptions, sleeper<std::string>(log, "A", 1s, "a"), fail_with(0s, "x"));
  const auto results = co_await both;
  std::string error;
  try {
    static_cast<void>(std::get<1>(results).value());
  } catch (const value_error&) {
    error = "ValueError";
  }
  log("main", {std::get<0>(results).value() == "a" ? "str" : "?", error});
}

coro<> gather_two(recorder& log) {
  static_cast<void>(co_await charkha::gather(charkha::return_exceptions, sleeper(log, "A", 5s), sleeper(log, "B", 6s)));
}

coro<> gather_is_cancelled(recorder& log) {
  const std::vector<task<>> t{create_task(gather_two(log))};
  co_await charkha::sleep(1s);
  t[0].cancel();
  static_cast<void>(co_await charkha::wait(t));
  log("main", t[0].cancelled());
}

coro<> call_later_order(recorder& log) {
  for (const int delay : {3, 1, 2}) {
    charkha::call_later(std::chrono::seconds(delay), [&log, delay] { log("timers", {"t", delay}); });
  }
  const auto handle = charkha::call_later(1500ms, [&log] { log("timers", "cancelled timer"); });
  handle.cancel();
  charkha::call_later(0s, [&log] { log("zero", "zero"); });
  charkha::call_soon([&log] { log("soon", "soon"); });
  charkha::call_later(-1s, [&log] { log("negative", "neg"); });
  co_await charkha::sleep(4s);
}

coro<> child_of_context(recorder& log, const charkha::context_var<int>& variable) {
  log("child", {"child sees", variable.get()});
  variable.set(2);
  co_await charkha::sleep(0s);
  log("child", {"child", variable.get()});
}

coro<> context_is_copied(recorder& log) {
  const charkha::context_var<int> variable("v", 0);
  variable.set(1);
  auto child = create_task(child_of_context(log, variable));
  variable.set(3);
  co_await child;
  log("main", {"parent", variable.get()});
}

coro<int> quick(recorder& log) {
  log("main", "q");
  co_return 1;
}

coro<> two_steps(recorder& log) {
  log("b", "b1");
  co_await charkha::sleep(0s);
  log("b", "b2");
}

coro<> eager(recorder& log) {
  auto t = create_task(quick(log), {.eager_start = true});
  log("main", {"created", t.done()});
  auto u = create_task(two_steps(log), {.eager_start = true});
  log("main", {"created", u.done()});
  co_await u;
}

coro<> exception_raised_to_every_awaiter(recorder& log) {
  auto bad = create_task(fail_with(0s, "x"));
  for (int i = 0; i < 2; ++i) {
    try {
      co_await bad;
    } catch (const value_error& error) {
      log("main", error.what());
    }
  }
}

coro<> result_before_done(recorder& log) {
  auto a = create_task(sleeper(log, "A", 0s));
  try {
    static_cast<void>(a.result());
  } catch (const charkha::invalid_state_error&) {
    log("main", "InvalidStateError");
  }
  try {
    static_cast<void>(a.exception());
  } catch (const charkha::invalid_state_error&) {
    log("main", "InvalidStateError");
  }
  co_await a;
}

coro<> event_wakes_all(recorder& log) {
  charkha::event set;
  const auto wait = [](recorder& out, charkha::event& at, std::string name) -> coro<> {
    co_await at.wait();
    out(name, {name, at.is_set()});
  };
  std::vector<task<>> tasks;
  for (const char* name : {"A", "B", "C"}) tasks.push_back(create_task(wait(log, set, name)));
  co_await charkha::sleep(1s);  // until all wait; asyncio's one turn says so on one worker only
  set.set();
  set.clear();
  co_await charkha::gather(tasks);
}

coro<> use_permit(recorder& log, charkha::semaphore& from, charkha::event& asking, std::string name) {
  asking.set();
  const auto permit = co_await from.hold();
  log(name, {name, now()});
  co_await charkha::sleep(1s);
}

coro<> semaphore_is_fifo(recorder& log) {
  charkha::semaphore permits(2);
  std::vector<task<>> tasks;
  charkha::event asking;  // one after another, on any number of workers
  for (const char* name : {"A", "B", "C", "D", "E"}) {
    tasks.push_back(create_task(use_permit(log, permits, asking, name)));
    co_await asking.wait();
    asking.clear();
  }
  co_await charkha::gather(tasks);
}

coro<> meet(recorder& log, charkha::barrier& at, std::string name, std::chrono::seconds after) {
  co_await charkha::sleep(after);
  const auto index = co_await at.wait();
  log(name, {name, index, now()});
}

coro<> barrier_releases_all(recorder& log) {
  charkha::barrier three(3);
  co_await charkha::gather(meet(log, three, "A", 3s), meet(log, three, "B", 1s), meet(log, three, "C", 2s));
}

coro<> put_three(recorder& log, charkha::queue<int>& into) {
  for (int i = 0; i < 3; ++i) {
    co_await into.put(i);
    log("p", {"put", i});
  }
}

coro<> get_three(recorder& log, charkha::queue<int>& from) {
  for (int i = 0; i < 3; ++i) {
    const int item = co_await from.get();
    log("g", {"get", item});
    from.task_done();
  }
}

coro<> queue_holds_producers_back(recorder& log) {
  charkha::queue<int> one(1);
  co_await charkha::gather(put_three(log, one), get_three(log, one));
  co_await one.join();
  log("main", "joined");
}

template <class Queue>
void order_of(recorder& log) {
  Queue all;
  for (const int item : {3, 1, 2}) static_cast<void>(all.try_put(item));
  json order = json::array();
  while (const auto item = all.try_get()) order.push_back(*item);
  log("main", order);
}

coro<> priority_and_lifo(recorder& log) {
  order_of<charkha::priority_queue<int>>(log);
  order_of<charkha::lifo_queue<int>>(log);
  co_return;
}

coro<> queue_shut_down(recorder& log) {
  for (const bool immediate : {false, true}) {
    charkha::queue<int> two;
    for (const int item : {1, 2}) static_cast<void>(two.try_put(item));
    two.shutdown(immediate);
    for (int i = 0; i < 3; ++i) {
      try {
        log("main", {immediate, two.try_get().value()});
      } catch (const charkha::queue_shutdown&) {
        log("main", {immediate, "QueueShutDown"});
      }
    }
    try {
      static_cast<void>(two.try_put(3));
    } catch (const charkha::queue_shutdown&) {
      log("main", {immediate, "put refused"});
    }
  }
  charkha::queue<int> nothing;
  const auto wait = [](recorder& out, charkha::queue<int>& from) -> coro<> {
    try {
      static_cast<void>(co_await from.get());
    } catch (const charkha::queue_shutdown&) {
      out("getter", "blocked getter woken");
    }
  };
  auto getter = create_task(wait(log, nothing));
  co_await charkha::sleep(0s);
  nothing.shutdown();
  co_await getter;
}

coro<> completed_in_order(recorder& log) {
  std::vector<coro<std::string>> sleepers;
  sleepers.push_back(sleeper<std::string>(log, "A", 3s, "a"));
  sleepers.push_back(sleeper<std::string>(log, "B", 1s, "b"));
  sleepers.push_back(sleeper<std::string>(log, "C", 2s, "c"));
  json order = json::array();
  for (auto next : charkha::as_completed(sleepers)) {
    const std::string value = co_await std::move(next);
    order.push_back(value);
  }
  log("main", order);
}

coro<> clean_up_after_ten_seconds(recorder& log) {
  std::exception_ptr request;
  try {
    co_await charkha::sleep(10s);
  } catch (const charkha::cancelled_error&) {
    request = std::current_exception();
  }
  co_await charkha::sleep(2s);
  log("main", {"cleaned", now()});
  if (request) std::rethrow_exception(request);
}

coro<> wait_for_cancels_and_waits(recorder& log) {
  try {
    auto limited = charkha::wait_for(clean_up_after_ten_seconds(log), 1s);
    co_await std::move(limited);
  } catch (const charkha::timeout_error&) {
    log("main", {"timeout", now()});
  }
}

coro<> note(json& ran) {
  ran.push_back(1);
  co_return;
}

coro<> wait_for_zero(recorder& log) {
  json ran = json::array();
  try {
    auto limited = charkha::wait_for(note(ran), 0s);
    co_await std::move(limited);
  } catch (const charkha::timeout_error&) {
    log("main", {"timeout", ran});
  }
}

coro<std::string> give_v_when_cancelled() {
  try {
    co_await charkha::sleep(10s);
  } catch (const charkha::cancelled_error&) {
    co_return "v";
  }
  co_return "slept";
}

coro<> wait_for_suppressed_value(recorder& log) {
  try {
    auto limited = charkha::wait_for(give_v_when_cancelled(), 1s);
    const std::string value = co_await std::move(limited);
    log("main", value);
  } catch (const charkha::timeout_error&) {
    log("main", "timeout");
  }
}

coro<int> give_six() { co_return 6; }

coro<> threads(recorder& log) {
  const auto twice = [](int x) { return 2 * x; };
  const int eight = co_await charkha::to_thread(twice, 4);
  log("main", eight);
  const int ten = co_await charkha::to_thread(twice, 5);
  log("main", ten);
  auto six = create_task(give_six());
  auto outside = charkha::to_std_future(six);
  co_await six;
  co_await charkha::sleep(1s);  // set by a callback, which may be another worker's; blocking blocks all of a simulation
  auto inside = charkha::from_std_future(std::move(outside));
  const int value = co_await std::move(inside);
  log("main", value);
}

struct scenario {
  const char* name;  // in traces.json
  coro<> (*body)(recorder&);
  void (*shorten)(json& expected) = [](json&) {};  // what today's API cannot say, or CPython leaves open
};

const scenario scenarios[] = {
    {"s01_create_task_returns_before_body", create_task_returns_before_body},
    {"s02_fifo_start_and_sleep0_round_robin", fifo_start_and_round_robin},
    {"s03_three_sleeps_take_max_not_sum", three_sleeps_take_max_not_sum},
    {"s04_ticker_while_two_sleep", ticker_while_two_sleep},
    {"s10_cancel_before_start_body_never_runs", cancel_before_start},
    {"s11_cancel_msg_delivered_at_await_point", cancel_message_at_await_point},
    {"s13_self_cancel_then_return_marks_cancelled", self_cancel_then_return},
    {"s15_inner_suppresses_cancel_outer_gets_value", inner_suppresses_cancel},
    {"s18_uncancel_resets_pending_cancel", uncancel_withdraws},
    {"s21_gather_result_order", gather_result_order},
    {"s22_gather_first_exception_others_continue", gather_first_exception},
    {"s33_timeout_scope", timeout_scope},
    {"s27_as_completed_order", completed_in_order},
    {"s30_wait_for_timeout_cancels_and_waits", wait_for_cancels_and_waits},
    {"s31_wait_for_zero_never_starts", wait_for_zero},
    {"s32_wait_for_suppressed_value", wait_for_suppressed_value},
    {"s70_threads", threads},
    {"s40_taskgroup_success_and_late_spawn", group_and_late_spawn},
    // CPython cancels in the order of a set, in this record the other way round
    {"s42_taskgroup_outer_cancel", group_cancelled_from_outside,
     [](json& expected) { std::swap(expected[2], expected[3]); }},
    {"s44_taskgroup_child_cancel_is_not_error", group_with_cancelled_child},
    {"s52_event_wakes_all_fifo", event_wakes_all},
    {"s54_semaphore_fifo", semaphore_is_fifo},
    {"s55_barrier", barrier_releases_all},
    {"s56_queue_backpressure_order", queue_holds_producers_back},
    {"s58_priority_and_lifo", priority_and_lifo},
    {"s59_queue_shutdown", queue_shut_down},
    {"s06_done_callbacks_registration_order_and_deferred", callbacks_in_order},
    {"s20_shield", shielded},
    {"s23_gather_return_exceptions", gather_errors_as_values},
    {"s25_gather_cancel_outer_cancels_children", gather_is_cancelled},
    {"s61_call_later_order", call_later_order},
    {"s62_contextvars_copy_at_creation", context_is_copied},
    {"s63_names_and_current", names},
    {"s65_exception_raised_to_every_awaiter", exception_raised_to_every_awaiter},
    {"s67_result_before_done_is_error", result_before_done},
    {"s68_eager", eager},
};

const json& cpython() {
  static const json recorded = json::parse(std::ifstream(CHARKHA_TRACES));
  return recorded.at("traces");
}

json expected_of(const scenario& played) {
  json events = cpython().at(played.name);
  played.shorten(events);
  return events;
}

constexpr std::uint64_t seed_count = 50;

}  // namespace

TEST_CASE("on one worker the events and their order are CPython's") {
  for (const auto& each : scenarios) {
    CAPTURE(each.name);
    const auto events = play(each.body, 1, 1).in_order();
    CHECK(events.dump() == expected_of(each).dump());
  }
}

TEST_CASE("on more workers the events are CPython's, each task's own in CPython's order and at its times") {
  for (const auto& each : scenarios) {
    CAPTURE(each.name);
    const auto expected = sorted(expected_of(each));
    const auto per_task = play(each.body, 1, 1).by_task();
    for (const int workers : {2, 4, 8}) {
      CAPTURE(workers);
      for (const auto seed : charkha::test::seeds(seed_count)) {
        CAPTURE(seed);
        const auto log = play(each.body, workers, seed);
        CHECK(sorted(log.in_order()).dump() == expected.dump());
        for (const auto& [in_task, events] : per_task) {
          CAPTURE(in_task);
          CHECK(log.by_task()[in_task].dump() == events.dump());
        }
      }
    }
  }
}

// ---- s80: the end of a run -------------------------------------------------------------------------------------------

namespace {

coro<> clean_up_slowly(recorder& log, std::string name) {
  std::exception_ptr request;
  try {
    co_await charkha::sleep(100s);
  } catch (const charkha::cancelled_error&) {
    request = std::current_exception();
  }
  log(name, {name, "cancelled at shutdown"});
  co_await charkha::sleep(1s);
  log(name, {name, "cleanup done"});
  if (request) std::rethrow_exception(request);
}

coro<> fail_when_cancelled() {
  try {
    co_await charkha::sleep(100s);
  } catch (const charkha::cancelled_error&) {
    throw value_error("late");
  }
}

/// Says when it is closed.
class finalised {
 public:
  explicit finalised(recorder& log) noexcept : log_(log) {}
  ~finalised() { log_("agen", "agen finalised"); }
  finalised(const finalised&) = delete;
  finalised& operator=(const finalised&) = delete;

 private:
  recorder& log_;
};

charkha::generator<int> one(recorder& log) {
  const finalised closing(log);
  co_yield 1;
}

coro<int> leave_tasks_behind(recorder& log, std::vector<task<>>& kept, charkha::generator<int>& numbers,
                             std::chrono::seconds until_started) {
  auto* const first = co_await numbers.next();
  CHECK(*first == 1);
  kept.push_back(create_task(clean_up_slowly(log, "L1")));
  kept.push_back(create_task(clean_up_slowly(log, "L2")));
  kept.push_back(create_task(fail_when_cancelled()));
  co_await charkha::sleep(until_started);
  log("main", "main returns");
  co_return 42;
}

}  // namespace

TEST_CASE("the end of a run stops what main left behind, lets it clean up, and reports what failed (s80)") {
  // Left out: asyncio's wording of the report.
  const char* const name = "s80_runner_shutdown";
  json expected = cpython().at(name);
  REQUIRE(expected.back().front() == "reported");
  const std::size_t reported = expected.back().back().size();
  expected.erase(expected.size() - 1);
  expected = sorted(expected);  // asyncio goes through a set

  for (const int workers : {1, 2, 4, 8}) {
    CAPTURE(workers);
    // One turn lets everybody start on one worker only; a task that is stopped before it started never runs.
    const auto until_started = workers == 1 ? 0s : 1s;
    for (const auto seed : charkha::test::seeds(seed_count)) {
      CAPTURE(seed);
      recorder log;
      charkha::test::report_log reports;
      {
        charkha::simulation sim({.workers = workers, .seed = seed, .reports = &reports});
        std::vector<task<>> kept;
        auto numbers = one(log);
        const int value = sim.run(leave_tasks_behind(log, kept, numbers, until_started));
        log("main", {"value", value});
        CHECK(sim.now().time_since_epoch() == until_started + 1s);
        CHECK(kept[0].cancelled());
        CHECK(kept[1].cancelled());
      }
      CHECK(sorted(log.in_order()).dump() == expected.dump());
      for (const char* task_name : {"L1", "L2"}) {
        const json order = json::array({{task_name, "cancelled at shutdown"}, {task_name, "cleanup done"}});
        CHECK(log.by_task()[task_name].dump() == order.dump());
      }
      REQUIRE(reports.count() == reported);
      CHECK(reports.count(charkha::report_kind::error_never_retrieved) == reported);
      CHECK_THROWS_WITH_AS(std::rethrow_exception(reports.all()[0].error), "late", value_error);
    }
  }
}

TEST_CASE("every scenario of CPython's is played") {
  std::vector<std::string> known = {"s80_runner_shutdown"};
  for (const auto& each : scenarios) known.emplace_back(each.name);
  std::vector<std::string> recorded;
  for (const auto& [name, events] : cpython().items()) recorded.push_back(name);
  std::sort(known.begin(), known.end());
  std::sort(recorded.begin(), recorded.end());
  CHECK(known == recorded);
}
