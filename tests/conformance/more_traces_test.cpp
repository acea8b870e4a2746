// SPDX-License-Identifier: Apache-2.0
// More small programs, on what interleaves: more_traces.json holds what CPython did under virtual time. On one worker
// the events and their order are CPython's. On more, each task's own events are, where nothing depends on turns.
#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "charkha/charkha.hpp"
#include "conformance/recorder.hpp"
#include "support/seeds.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::any_future;
using charkha::cancelled_error;
using charkha::coro;
using charkha::create_future;
using charkha::create_task;
using charkha::future;
using charkha::task;
using charkha::test::fail_with;
using charkha::test::json;
using charkha::test::now;
using charkha::test::recorder;
using charkha::test::sleeper;
using charkha::test::value_error;

/// Until all have ended, however they do.
template <class... Handles>
coro<> ended(const Handles&... handles) {
  const std::vector<any_future> all{handles...};
  static_cast<void>(co_await charkha::wait(all));
}

coro<> turn() { co_await charkha::sleep(0s); }

/// Says once a turn that a turn has begun.
void mark_turns(recorder& log, int last, int number = 1) {
  charkha::call_soon([&log, last, number] {
    log.note("turns", "turn", number);
    if (number < last) mark_turns(log, last, number + 1);
  });
}

void note_soon(recorder& log, std::string text) {
  charkha::call_soon([&log, text] { log.note("soon", text); });
}

// ---- R13 to R18: results and callbacks -------------------------------------------------------------------------------

coro<> awaiters_and_callbacks_in_order(recorder& log) {
  const auto f = create_future<int>();
  const auto waiting = [&](std::string name) -> coro<> {
    const int value = co_await f;
    log.note(name, name, value);
  };
  const auto callback = [&](int number) {
    f.add_done_callback([&log, number](const any_future&) { log.note("callbacks", "cb", number); });
  };
  callback(1);
  auto a = create_task(waiting, "A");
  co_await turn();
  callback(2);
  auto b = create_task(waiting, "B");
  co_await turn();
  callback(3);
  note_soon(log, "soon before");
  f.set_result(5);
  note_soon(log, "soon after");
  log.note("main", "set");
  co_await turn();
  log.note("main", "next turn");
  co_await a;
  co_await b;
}

coro<> remove_callbacks(recorder& log) {
  const auto f = create_future<int>();
  std::map<std::string, charkha::done_callback_id> ids;
  for (const std::string name : {"a", "b", "c"}) {
    ids[name] = f.add_done_callback([&, name](const any_future&) {
      log.note("callbacks", "cb", name);
      if (name == "a") log.note("callbacks", "removed", f.remove_done_callback(ids["c"]));
    });
  }
  const auto first = f.remove_done_callback(ids["b"]);
  const auto second = f.remove_done_callback(ids["b"]);
  log.note("main", first, second);
  f.set_result(1);
  log.note("main", "too late", f.remove_done_callback(ids["c"]));
  co_await turn();
  log.note("main", "end");
}

coro<> callback_added_by_a_callback(recorder& log) {
  const auto f = create_future<int>();
  f.add_done_callback([&](const any_future&) {
    log.note("callbacks", "first");
    f.add_done_callback([&](const any_future&) { log.note("callbacks", "second"); });
    note_soon(log, "soon");
  });
  f.set_result(1);
  mark_turns(log, 4);
  for (int i = 1; i <= 3; ++i) {
    co_await turn();
    log.note("main", "main", i);
  }
}

coro<> result_then_cancel(recorder& log) {
  const auto f = create_future<int>();
  f.set_result(1);
  const bool stopped = f.cancel();
  log.note("main", stopped, f.cancelled(), f.result());
  const auto g = create_future<int>();
  const bool first = g.cancel("m");
  const bool cancelled = g.cancelled();
  const bool done = g.done();
  const bool second = g.cancel();
  log.note("main", first, cancelled, done, second);
  for (const auto& each : {f, g}) {
    try {
      each.set_result(2);
    } catch (const charkha::invalid_state_error&) {
      log.note("main", "InvalidStateError");
    }
  }
  try {
    static_cast<void>(co_await g);
  } catch (const cancelled_error& request) {
    log.note("main", "CancelledError", request);
  }
  try {
    static_cast<void>(g.result());
  } catch (const cancelled_error&) {
    log.note("main", "result CancelledError");
  }
}

// ---- R24 to R34: cancellation ----------------------------------------------------------------------------------------

coro<> cancel_after_result(recorder& log) {
  const auto f = create_future<int>();
  const auto waiting = [&](std::string name) -> coro<> {
    try {
      const int value = co_await f;
      log.note(name, name, value);
    } catch (const cancelled_error& request) {
      log.note(name, name, "cancelled", request);
      throw;
    }
  };
  auto a = create_task(waiting, "A");
  auto b = create_task(waiting, "B");
  co_await turn();
  f.set_result(5);
  const bool asked = a.cancel("late");
  log.note("main", asked, f.cancelled());
  mark_turns(log, 3);
  co_await ended(a, b);
  log.note("main", a.cancelled(), b.cancelled());
}

coro<> cancel_after_awaited_task_ended(recorder& log) {
  task<int> inner;
  const auto outside = [&]() -> coro<> {
    try {
      const int value = co_await inner;
      log.note("outer", "outer", value);
    } catch (const cancelled_error& request) {
      log.note("outer", "outer cancelled", request);
      throw;
    }
  };
  const auto inside = [&]() -> coro<int> {
    log.note("inner", "inner");
    co_return 3;
  };
  auto outer = create_task(outside);
  inner = create_task(inside);
  co_await turn();
  const bool inner_done = inner.done();
  const bool outer_done = outer.done();
  log.note("main", inner_done, outer_done, outer.cancel("m"));
  co_await ended(outer);
  log.note("main", outer.cancelled(), inner.result());
}

coro<> self_cancel_and_ready_awaits(recorder& log) {
  const auto ready = create_future<std::string>();
  ready.set_result("ready");
  const auto first = [&]() -> coro<> {
    const auto self = charkha::current_task();
    self.cancel("me");
    const std::string value = co_await ready;
    log.note("A", "A", value);
    log.note("A", "A", "going on", self.cancelling());
    std::exception_ptr request;
    try {
      co_await turn();
      log.note("A", "A", "not delivered");
    } catch (const cancelled_error& caught) {
      log.note("A", "A", "delivered", caught);
      request = std::current_exception();
    }
    co_await turn();
    log.note("A", "A", "after");
    std::rethrow_exception(request);
  };
  const auto second = [&]() -> coro<> {
    for (int i = 0; i < 3; ++i) {
      log.note("B", "B", i);
      co_await turn();
    }
  };
  auto a = create_task(first);
  auto b = create_task(second);
  co_await ended(a, b);
  log.note("main", a.cancelled());
}

coro<> self_cancel_and_pending_future(recorder& log) {
  const auto f = create_future<int>();
  f.add_done_callback([&](const any_future&) { log.note("callback", "callback", f.cancelled()); });
  const auto body = [&]() -> coro<> {
    charkha::current_task().cancel("me");
    log.note("A", "A", "waits");
    try {
      static_cast<void>(co_await f);
    } catch (const cancelled_error& request) {
      log.note("A", "A", request, f.cancelled());
      throw;
    }
  };
  auto a = create_task(body);
  mark_turns(log, 4);
  co_await ended(a);
  log.note("main", a.cancelled());
}

coro<> cancel_reaches_bare_future(recorder& log) {
  const auto f = create_future<int>();
  const auto waiting = [&](std::string name) -> coro<> {
    try {
      static_cast<void>(co_await f);
    } catch (const cancelled_error& request) {
      log.note(name, name, request, f.cancelled());
    }
  };
  auto a = create_task(waiting, "A");
  auto b = create_task(waiting, "B");
  co_await turn();
  f.add_done_callback([&](const any_future&) { log.note("callback", "callback"); });
  const bool asked = b.cancel("m");
  log.note("main", asked, f.cancelled());
  mark_turns(log, 3);
  co_await ended(a, b);
  log.note("main", a.cancelled(), b.cancelled(), a.cancelling(), b.cancelling());
}

coro<> chain_cleans_up_from_inside(recorder& log) {
  const auto deepest = [&]() -> coro<> {
    std::exception_ptr request;
    try {
      co_await charkha::sleep(10s);
    } catch (const cancelled_error&) {
      request = std::current_exception();
    }
    log.note("C", "C", "cleaning", now());
    co_await charkha::sleep(2s);
    log.note("C", "C", "clean", now());
    if (request) std::rethrow_exception(request);
  };
  const auto middle = [&](std::string name, task<> inner) -> coro<> {
    try {
      co_await inner;
    } catch (const cancelled_error& request) {
      log.note(name, name, now(), request);
      throw;
    }
  };
  auto c = create_task(deepest);
  auto b = create_task(middle, "B", c);
  auto a = create_task(middle, "A", b);
  co_await charkha::sleep(1s);
  a.cancel("top");
  mark_turns(log, 5);
  try {
    co_await a;
  } catch (const cancelled_error& request) {
    log.note("main", "main", now(), request);
  }
  log.note("main", a.cancelled(), b.cancelled(), c.cancelled(), a.cancelling(), b.cancelling(), c.cancelling());
}

coro<> two_awaiters_of_a_cancelled_task(recorder& log) {
  auto inner = create_task(sleeper(log, "I", 10s));
  const auto waiting = [&](std::string name) -> coro<> {
    try {
      co_await inner;
    } catch (const cancelled_error& request) {
      log.note(name, name, request);
      throw;
    }
  };
  auto a = create_task(waiting, "A");
  co_await turn();
  co_await turn();
  inner.add_done_callback([&](const any_future& at) { log.note("callback", "callback", at.cancelled()); });
  auto b = create_task(waiting, "B");
  co_await charkha::sleep(1s);
  a.cancel("m");
  mark_turns(log, 4);
  co_await ended(a, b);
  log.note("main", a.cancelled(), b.cancelled(), a.cancelling(), b.cancelling(), inner.cancelling());
}

coro<> second_cancel_interrupts_cleanup(recorder& log) {
  const auto body = [&]() -> coro<> {
    std::exception_ptr first;
    try {
      co_await charkha::sleep(10s);
    } catch (const cancelled_error& request) {
      log.note("A", "first", now(), request);
      first = std::current_exception();
    }
    try {
      co_await charkha::sleep(5s);
    } catch (const cancelled_error& request) {
      log.note("A", "second", now(), request);
    }
    co_await charkha::sleep(1s);
    log.note("A", "count", now(), charkha::current_task().cancelling());
    std::rethrow_exception(first);
  };
  auto a = create_task(body);
  co_await charkha::sleep(1s);
  a.cancel("one");
  co_await charkha::sleep(1s);
  a.cancel("two");
  try {
    co_await a;
  } catch (const cancelled_error& request) {
    log.note("main", "main", now(), request);
  }
}

coro<> two_cancels_before_delivery(recorder& log) {
  const auto body = [&]() -> coro<> {
    try {
      co_await charkha::sleep(10s);
    } catch (const cancelled_error& request) {
      log.note("A", "delivered", request);
    }
    try {
      co_await charkha::sleep(1s);
      log.note("A", "only once");
    } catch (const cancelled_error& request) {
      log.note("A", "again", request);
    }
    log.note("A", charkha::current_task().cancelling());
  };
  auto a = create_task(body);
  co_await charkha::sleep(1s);
  a.cancel("one");
  a.cancel("two");
  co_await ended(a);
  log.note("main", a.cancelled());
  a = create_task(body);
  a.cancel("one");
  a.cancel("two");
  try {
    co_await a;
  } catch (const cancelled_error& request) {
    log.note("main", "never started", request);
  }
}

coro<> uncancel_counts_down(recorder& log) {
  const auto body = [&]() -> coro<int> {
    const auto self = charkha::current_task();
    self.cancel("a");
    self.cancel("b");
    const auto two = self.cancelling();
    const auto one = self.uncancel();
    log.note("A", two, one, self.cancelling());
    try {
      co_await turn();
    } catch (const cancelled_error& request) {
      log.note("A", "delivered", request);
    }
    const auto none = self.uncancel();
    log.note("A", none, self.uncancel());
    co_await turn();
    log.note("A", "on");
    co_return 1;
  };
  auto a = create_task(body);
  const int value = co_await a;
  log.note("main", value);
}

coro<> raises_cancelled_itself(recorder& log) {
  const auto body = [&]() -> coro<> {
    co_await charkha::sleep(1s);
    throw cancelled_error("own");
  };
  auto a = create_task(body);
  a.add_done_callback([&](const any_future& at) { log.note("callback", "callback", at.cancelled()); });
  try {
    co_await a;
  } catch (const cancelled_error& request) {
    log.note("main", request, a.cancelled(), a.cancelling(), charkha::current_task().cancelling());
  }
}

coro<> raises_another_error_when_cancelled(recorder& log) {
  const auto body = [&]() -> coro<> {
    try {
      co_await charkha::sleep(10s);
    } catch (const cancelled_error&) {
      throw value_error("instead");
    }
  };
  auto a = create_task(body);
  co_await turn();
  a.cancel();
  try {
    co_await a;
  } catch (const value_error& error) {
    log.note("main", error.what(), a.cancelled(), a.cancelling());
  }
}

// ---- R35 to R40: shield and gather -----------------------------------------------------------------------------------

coro<> gather_duplicate_and_done(recorder& log) {
  auto a = create_task(sleeper<std::string>(log, "A", 1s, "a"));
  const std::vector<task<std::string>> thrice{a, a, a};
  const std::vector<std::string> three = co_await charkha::gather(thrice);
  log.note("main", three[0], three[1], three[2]);
  note_soon(log, "soon");
  const std::vector<task<std::string>> twice{a, a};
  const std::vector<std::string> two = co_await charkha::gather(twice);
  log.note("main", two[0], two[1]);
  log.note("main", "no suspension");
  const std::vector<task<std::string>> none;
  const std::vector<std::string> empty = co_await charkha::gather(none);
  log.note("main", json(empty));
  const auto f = create_future<int>();
  f.set_result(7);
  const auto mixed = co_await charkha::gather(f, a);
  log.note("main", std::get<0>(mixed), std::get<1>(mixed));
  co_await turn();
}

coro<> gather_of_futures(recorder& log) {
  auto f = create_future<int>();
  auto g = create_future<int>();
  const auto both = [&]() -> coro<> {
    try {
      const auto values = co_await charkha::gather(f, g);
      log.note("M", "M", json::array({std::get<0>(values), std::get<1>(values)}));
    } catch (const value_error& error) {
      log.note("M", "M", error.what(), f.done(), g.done());
    }
  };
  auto waiting = create_task(both);
  co_await turn();
  g.set_result(2);
  f.set_result(1);
  mark_turns(log, 4);
  co_await waiting;
  co_await charkha::sleep(1s);
  f = create_future<int>();
  g = create_future<int>();
  waiting = create_task(both);
  co_await turn();
  g.set_exception(value_error("g"));
  f.set_exception(value_error("f"));
  mark_turns(log, 4);
  co_await waiting;
}

coro<> gather_with_cancelled_child(recorder& log) {
  auto a = create_task(sleeper<std::string>(log, "A", 3s));
  auto b = create_task(sleeper<std::string>(log, "B", 2s, "b"));
  const auto both = [&]() -> coro<std::string> {
    try {
      static_cast<void>(co_await charkha::gather(a, b));
    } catch (const cancelled_error& request) {
      log.note("M", "M", now(), b.done(), charkha::current_task().cancelling(), request);
    }
    co_return "went on";
  };
  auto waiting = create_task(both);
  co_await charkha::sleep(1s);
  a.cancel("child");
  const std::string value = co_await waiting;
  log.note("main", value, waiting.cancelled());
  const std::string slept = co_await b;
  log.note("main", slept, now());
}

coro<> gather_errors_with_cancelled_child(recorder& log) {
  auto a = create_task(sleeper<std::string>(log, "A", 3s));
  auto b = create_task(sleeper<std::string>(log, "B", 2s, "b"));
  const auto both = charkha::gather(charkha::return_exceptions, a, b);
  co_await charkha::sleep(1s);
  a.cancel("child");
  const auto results = co_await both;
  log.note("main", now(), std::get<0>(results).cancelled() ? "CancelledError" : "?", std::get<1>(results).value());
}

/// Sleeps ten seconds, cleans up for `time` when cancelled, and then swallows the request or not.
coro<std::string> clean_up(recorder& log, std::string name, std::chrono::seconds time, bool swallow) {
  std::exception_ptr request;
  try {
    co_await charkha::sleep(10s);
  } catch (const cancelled_error& caught) {
    log.note(name, name, "cancelled", caught);
    request = std::current_exception();
  }
  if (time > 0s) co_await charkha::sleep(time);
  log.note(name, name, "clean", now());
  if (request && !swallow) std::rethrow_exception(request);
  co_return name;
}

coro<> cancelled_gather_wakes_at_first_child(recorder& log) {
  auto a = create_task(clean_up(log, "A", 2s, false));
  auto b = create_task(clean_up(log, "B", 1s, false));
  const auto both = [&]() -> coro<> {
    try {
      static_cast<void>(co_await charkha::gather(a, b));
    } catch (const cancelled_error& request) {
      log.note("M", "M", now(), a.done(), b.done(), request);
      throw;
    }
  };
  auto waiting = create_task(both);
  co_await charkha::sleep(1s);
  waiting.cancel("stop");
  co_await ended(waiting);
  log.note("main", now(), waiting.cancelled());
  co_await ended(a, b);
  log.note("main", now());
}

coro<> cancelled_gather_of_errors_waits_for_all(recorder& log) {
  auto a = create_task(clean_up(log, "A", 2s, true));
  auto b = create_task(clean_up(log, "B", 1s, true));
  const auto both = [&]() -> coro<> {
    try {
      static_cast<void>(co_await charkha::gather(charkha::return_exceptions, a, b));
      log.note("M", "values");
    } catch (const cancelled_error&) {
      log.note("M", "M", now(), a.done(), b.done());
      throw;
    }
  };
  auto waiting = create_task(both);
  co_await charkha::sleep(1s);
  waiting.cancel("stop");
  co_await ended(waiting);
  log.note("main", now(), waiting.cancelled());
}

coro<> children_of_gather_swallow_the_cancel(recorder& log) {
  const auto both = [&]() -> coro<> {
    try {
      static_cast<void>(co_await charkha::gather(clean_up(log, "A", 0s, true), clean_up(log, "B", 0s, true)));
      log.note("M", "values");
    } catch (const cancelled_error&) {
      log.note("M", "M cancelled");
      throw;
    }
  };
  auto waiting = create_task(both);
  co_await charkha::sleep(1s);
  waiting.cancel("stop");
  co_await ended(waiting);
  log.note("main", waiting.cancelled(), waiting.cancelling());
}

coro<> cancel_of_a_gather_object(recorder& log) {
  const auto both = charkha::gather(clean_up(log, "A", 0s, false), clean_up(log, "B", 0s, false));
  co_await charkha::sleep(1s);
  const bool asked = both.cancel("m");
  log.note("main", asked, both.done());
  mark_turns(log, 4);
  try {
    static_cast<void>(co_await both);
  } catch (const cancelled_error& request) {
    log.note("main", "main", request, both.done());
  }
  const bool again = both.cancel();
  log.note("main", again, charkha::current_task().cancelling());
  co_await charkha::sleep(1s);
}

coro<> nested_gather_cancelled(recorder& log) {
  const auto inside = [&]() -> coro<> {
    try {
      static_cast<void>(co_await charkha::gather(sleeper(log, "A", 5s), sleeper(log, "B", 6s)));
    } catch (const cancelled_error& request) {
      log.note("inner", "inner", request);
      throw;
    }
  };
  const auto outside = [&]() -> coro<> {
    try {
      auto inner = inside();
      static_cast<void>(co_await charkha::gather(std::move(inner), sleeper(log, "C", 7s)));
    } catch (const cancelled_error& request) {
      log.note("M", "M", request);
      throw;
    }
  };
  auto waiting = create_task(outside);
  co_await charkha::sleep(1s);
  waiting.cancel("x");
  mark_turns(log, 6);
  co_await ended(waiting);
  co_await turn();
  log.note("main", waiting.cancelled());
  co_await charkha::sleep(1s);
}

coro<> shield_races(recorder& log) {
  const auto waiting = [&](std::string name, future<int> inner) -> coro<> {
    try {
      const int value = co_await charkha::shield(inner);
      log.note(name, name, value);
    } catch (const cancelled_error&) {
      log.note(name, name, "cancelled");
      throw;
    }
  };
  auto f = create_future<int>();
  auto a = create_task(waiting, "A", f);
  co_await turn();
  f.set_result(1);
  a.cancel("m");
  mark_turns(log, 3);
  co_await ended(a);
  log.note("main", a.cancelled(), f.result());
  co_await charkha::sleep(1s);
  f = create_future<int>();
  a = create_task(waiting, "B", f);
  co_await turn();
  f.set_result(2);
  co_await turn();
  a.cancel("m");
  co_await ended(a);
  log.note("main", a.cancelled());
  f = create_future<int>();
  f.set_result(3);
  a = create_task(waiting, "C", f);
  note_soon(log, "soon");
  co_await a;
  f = create_future<int>();
  a = create_task(waiting, "D", f);
  auto b = create_task(waiting, "E", f);
  co_await turn();
  a.cancel();
  f.set_result(4);
  mark_turns(log, 4);
  co_await ended(a, b);
  log.note("main", a.cancelled(), b.cancelled());
  co_await charkha::sleep(1s);
  f = create_future<int>();
  a = create_task(waiting, "F", f);
  co_await turn();
  f.cancel("inner");
  mark_turns(log, 3);
  co_await ended(a);
  log.note("main", a.cancelled(), a.cancelling());
}

coro<> shielded_coroutine_goes_on(recorder& log) {
  const auto body = [&]() -> coro<> {
    try {
      static_cast<void>(co_await charkha::shield(sleeper(log, "I", 3s)));
    } catch (const cancelled_error&) {
      log.note("W", "W", now());
      throw;
    }
  };
  auto waiting = create_task(body);
  co_await charkha::sleep(1s);
  waiting.cancel();
  co_await ended(waiting);
  co_await charkha::sleep(5s);
  log.note("main", waiting.cancelled(), now());
}

// ---- time-outs, timers and waits at one instant ----------------------------------------------------------------------

coro<> sleeps_and_timers_at_one_instant(recorder& log) {
  const auto body = [&](std::string name) -> coro<> {
    co_await charkha::sleep(1s);
    log.note(name, name, now());
    co_await turn();
    log.note(name, name, "next turn");
  };
  auto a = create_task(body, "A");
  co_await turn();
  charkha::call_later(1s, [&] {
    log.note("timer", "timer");
    mark_turns(log, 4);
  });
  auto b = create_task(body, "B");
  co_await charkha::sleep(2s);
}

coro<> timers_change_each_other(recorder& log) {
  charkha::callback_handle never;
  const auto say = [&log](std::string what) { return [&log, what] { log.note("timers", what); }; };
  charkha::call_later(1s, [&] {
    log.note("timers", "first");
    never.cancel();
    charkha::call_at(charkha::clock::now() - 5s, say("past"));
    charkha::call_later(0s, say("zero"));
    charkha::call_soon(say("soon"));
  });
  never = charkha::call_later(1s, say("never"));
  charkha::call_later(1500ms, say("later"));
  co_await charkha::sleep(2s);
  log.note("main", "end", now());
}

coro<> wait_modes(recorder& log) {
  using charkha::return_when;
  for (const auto mode : {return_when::first_completed, return_when::first_exception, return_when::all_completed}) {
    const std::vector<any_future> all{create_task(sleeper(log, "A", 1s)), create_task(fail_with(2s, "x")),
                                      create_task(sleeper(log, "C", 3s))};
    const double start = now();
    const auto result = co_await charkha::wait(all, {.until = mode});
    log.note("main", result.done.size(), result.pending.size(), now() - start);
    static_cast<void>(co_await charkha::wait(all));
    static_cast<void>(all[1].exception());
  }
  auto f = create_future<int>();
  const auto waiting = [&]() -> coro<> {
    co_await ended(f);
    log.note("W", "W", "waited");
  };
  const auto awaiting = [&]() -> coro<> {
    static_cast<void>(co_await f);
    log.note("Y", "Y", "awaited");
  };
  auto x = create_task(waiting);
  auto y = create_task(awaiting);
  co_await turn();
  f.set_result(1);
  mark_turns(log, 4);
  co_await x;
  co_await y;
  co_await charkha::sleep(1s);
  f = create_future<int>();
  f.set_result(1);
  charkha::call_soon([&] { log.note("turns", "done", 1); });
  charkha::call_soon([&] {});
  co_await ended(f);
  log.note("main", "main");
}

coro<> wait_times_out_at_completion(recorder& log) {
  const std::vector<any_future> one{create_task(sleeper(log, "A", 1s))};
  co_await turn();
  const auto first = co_await charkha::wait(one, {.timeout = 1s});
  log.note("main", first.done.size(), first.pending.size(), now());
  auto f = create_future<int>();
  std::vector<any_future> two{f};
  charkha::call_later(1s, [&] { f.set_result(1); });
  const auto second = co_await charkha::wait(two, {.timeout = 1s});
  log.note("main", second.done.size(), second.pending.size(), now());
  f = create_future<int>();
  two = {f};
  const auto body = [&]() -> coro<> {
    const auto third = co_await charkha::wait(two, {.timeout = 1s});
    log.note("main", third.done.size(), third.pending.size(), now());
  };
  auto x = create_task(body);
  co_await turn();
  charkha::call_later(1s, [&] { f.set_result(1); });
  co_await x;
}

template <class Awaitable>
coro<> wait_for_it(recorder& log, std::string name, Awaitable what, std::chrono::seconds time) {
  try {
    auto limited = charkha::wait_for(std::move(what), time);
    const auto value = co_await std::move(limited);
    log.note(name, name, value, now());
  } catch (const charkha::timeout_error&) {
    log.note(name, name, "timeout", now());
  } catch (const cancelled_error& request) {
    log.note(name, name, "cancelled", now(), request);
  }
}

coro<> wait_for_at_completion(recorder& log) {
  auto slow = charkha::sleep(1s, std::string("v"));
  co_await wait_for_it(log, "A", std::move(slow), 1s);
  auto f = create_future<std::string>();
  charkha::call_later(1s, [&] { f.set_result("r"); });
  co_await wait_for_it(log, "B", f, 1s);
  auto t = create_task(wait_for_it(log, "C", charkha::sleep(9s, 0), 1s));
  co_await turn();
  charkha::call_later(1s, [&] { t.cancel("out"); });
  co_await t;
  log.note("main", t.cancelling());
  auto never = charkha::sleep(1s, 0);
  co_await wait_for_it(log, "D", std::move(never), -1s);
  const auto g = create_future<int>();
  g.set_result(3);
  co_await wait_for_it(log, "E", g, -1s);
  co_await wait_for_it(log, "F", g, 0s);
}

coro<> timeout_zero(recorder& log) {
  const auto body = [&]() -> coro<> {
    charkha::timeout_scope scope(0s);
    const auto inside = [&]() -> coro<> {
      log.note("A", "in", scope.expired());
      co_await turn();
      log.note("A", "on");
      co_await turn();
      log.note("A", "not reached");
    };
    try {
      co_await scope.run(inside());
    } catch (const charkha::timeout_error&) {
      log.note("A", "timeout", scope.expired(), charkha::current_task().cancelling());
    }
    const auto ready = [&]() -> coro<> {
      log.note("A", "no suspension");
      co_return;
    };
    auto limited = charkha::timeout(0s, ready());
    co_await std::move(limited);
    log.note("A", "out", charkha::current_task().cancelling());
  };
  mark_turns(log, 4);
  auto a = create_task(body);
  co_await a;
  co_await charkha::sleep(1s);
}

// ---- task groups -----------------------------------------------------------------------------------------------------

json texts(const charkha::exception_group& group) {
  json all = json::array();
  group.for_each<value_error>([&](const value_error& error) { all.push_back(error.what()); });
  return all;
}

coro<> fail_in_cleanup(recorder& log, std::string name, std::chrono::seconds time) {
  try {
    co_await charkha::sleep(10s);
  } catch (const cancelled_error&) {
    log.note(name, name, "cancelled", now());
  }
  co_await charkha::sleep(time);
  throw value_error(name);
}

coro<> body_and_children_fail(recorder& log) {
  const auto body = [&](charkha::task_group& group) -> coro<> {
    group.create_task(fail_in_cleanup(log, "A", 2s));
    group.create_task(fail_in_cleanup(log, "B", 1s));
    co_await charkha::sleep(1s);
    throw value_error("body");
  };
  try {
    co_await charkha::with_task_group(body);
  } catch (const charkha::exception_group& errors) {
    log.note("main", now(), texts(errors), charkha::current_task().cancelling());
  }
}

coro<> child_fails_while_the_body_waits(recorder& log) {
  const auto body = [&](charkha::task_group& group) -> coro<> {
    group.create_task(sleeper(log, "A", 5s));
    group.create_task(fail_with(1s, "x"));
    try {
      co_await charkha::sleep(10s);
    } catch (const cancelled_error& request) {
      log.note("owner", "body", now(), charkha::current_task().cancelling(), request);
      try {
        group.create_task(sleeper(log, "late", 1s));
      } catch (const charkha::usage_error&) {
        log.note("owner", "refused");
      }
      throw;
    }
  };
  const auto owner = [&]() -> coro<> {
    try {
      co_await charkha::with_task_group(body);
    } catch (const charkha::exception_group& errors) {
      log.note("owner", now(), texts(errors), charkha::current_task().cancelling());
    }
  };
  mark_turns(log, 3);
  auto a = create_task(owner);
  co_await a;
}

// ---- primitives ------------------------------------------------------------------------------------------------------

coro<> lock_passes_over_cancelled(recorder& log) {
  charkha::lock only;
  co_await only.acquire();
  const auto body = [&](std::string name) -> coro<> {
    try {
      const auto held = co_await only.hold();
      log.note(name, name, "has it");
      co_await turn();
      log.note(name, name, "leaves");
    } catch (const cancelled_error&) {
      log.note(name, name, "cancelled");
      throw;
    }
  };
  auto a = create_task(body, "A");
  auto b = create_task(body, "B");
  auto c = create_task(body, "C");
  co_await turn();
  only.release();
  a.cancel();
  b.cancel();
  mark_turns(log, 5);
  auto d = create_task(body, "D");
  co_await ended(a, b, c, d);
  log.note("main", only.locked());
  co_await charkha::sleep(1s);
}

coro<> condition_notify_and_cancel(recorder& log) {
  charkha::condition changed;
  const auto body = [&](std::string name) -> coro<> {
    const auto held = co_await changed.hold();
    try {
      co_await changed.wait();
      log.note(name, name, "notified");
    } catch (const cancelled_error&) {
      log.note(name, name, "cancelled", changed.locked());
      throw;
    }
  };
  auto a = create_task(body, "A");
  auto b = create_task(body, "B");
  auto d = create_task(body, "D");
  auto e = create_task(body, "E");
  co_await turn();
  {
    const auto held = co_await changed.hold();
    changed.notify(2);
    log.note("main", "notify");
  }
  a.cancel();
  mark_turns(log, 6);
  co_await charkha::sleep(1s);
  log.note("main", a.done(), b.done(), d.done(), e.done());
  {
    const auto held = co_await changed.hold();
    changed.notify_all();
  }
  co_await ended(a, b, d, e);
}

coro<> semaphore_hands_on(recorder& log) {
  charkha::semaphore permits(1);
  co_await permits.acquire();
  const auto body = [&](std::string name) -> coro<> {
    try {
      co_await permits.acquire();
      log.note(name, name);
    } catch (const cancelled_error&) {
      log.note(name, name, "cancelled");
      throw;
    }
  };
  auto a = create_task(body, "A");
  auto b = create_task(body, "B");
  auto c = create_task(body, "C");
  co_await turn();
  permits.release();
  log.note("main", permits.locked());
  a.cancel();
  mark_turns(log, 4);
  co_await charkha::sleep(1s);
  permits.release();
  log.note("main", permits.locked());
  co_await ended(a, b, c);
  log.note("main", permits.locked());
}

coro<> queue_getters_with_a_cancelled_one(recorder& log) {
  charkha::queue<int> items;
  const auto body = [&](std::string name) -> coro<> {
    try {
      const int item = co_await items.get();
      log.note(name, name, item);
    } catch (const cancelled_error&) {
      log.note(name, name, "cancelled");
      throw;
    }
  };
  auto a = create_task(body, "A");
  auto b = create_task(body, "B");
  auto c = create_task(body, "C");
  co_await turn();
  static_cast<void>(items.try_put(1));
  static_cast<void>(items.try_put(2));
  a.cancel();
  mark_turns(log, 4);
  co_await charkha::sleep(1s);
  log.note("main", items.qsize());
  static_cast<void>(items.try_put(3));
  co_await ended(a, b, c);
  log.note("main", items.qsize());
}

coro<> callbacks_have_their_context(recorder& log) {
  const charkha::context_var<int> variable("v", 0);
  const auto f = create_future<int>();
  variable.set(1);
  charkha::call_soon([&] {
    log.note("soon", "soon", variable.get());
    variable.set(9);
  });
  charkha::call_later(1s, [&] { log.note("later", "later", variable.get()); });
  f.add_done_callback([&](const any_future&) { log.note("done", "done", variable.get()); });
  variable.set(2);
  f.set_result(0);
  co_await charkha::sleep(2s);
  log.note("main", "main", variable.get());
}

// ---- the player ------------------------------------------------------------------------------------------------------

enum class workers : std::uint8_t { one, any };  // `one`: the scenario counts turns

struct scenario {
  const char* name;  // in more_traces.json
  coro<> (*body)(recorder&);
  workers on = workers::one;
  void (*adapt)(json& expected) = [](json&) {};  // where charkha differs on purpose
};

const scenario scenarios[] = {
    {"r13_awaiters_and_callbacks_woken_in_registration_order", awaiters_and_callbacks_in_order},
    {"r15_remove_done_callback", remove_callbacks},
    {"r14_callback_added_by_a_callback_runs_next_turn", callback_added_by_a_callback},
    {"r18_set_result_then_cancel_and_the_other_way", result_then_cancel, workers::any},
    {"r31_cancel_after_result_wins", cancel_after_result},
    {"r31_awaited_task_ended_then_cancel", cancel_after_awaited_task_ended},
    {"r26_self_cancel_and_ready_awaits", self_cancel_and_ready_awaits, workers::any},
    {"r26_self_cancel_and_pending_future", self_cancel_and_pending_future},
    {"r30_cancel_reaches_the_bare_future_and_its_other_awaiters", cancel_reaches_bare_future},
    {"r28_chain_inner_cleans_up_first", chain_cleans_up_from_inside, workers::any},
    // asyncio tells the message to the first awaiter only
    {"r30_two_awaiters_and_a_callback_of_a_cancelled_task", two_awaiters_of_a_cancelled_task, workers::one,
     [](json& expected) { expected[5] = json::array({"B", "m"}); }},
    {"r32_second_cancel_interrupts_cleanup", second_cancel_interrupts_cleanup, workers::any},
    {"r32_two_cancels_before_delivery", two_cancels_before_delivery},
    {"r33_uncancel_counts_down", uncancel_counts_down, workers::any},
    {"r34_raises_cancelled_itself", raises_cancelled_itself, workers::any},
    {"r24_cancel_and_raise_another_error", raises_another_error_when_cancelled},
    {"r36_gather_duplicate_and_done", gather_duplicate_and_done, workers::any},
    {"r37_gather_of_futures_wakes_two_turns_later", gather_of_futures},
    {"r39_gather_one_child_cancelled_siblings_go_on", gather_with_cancelled_child, workers::any},
    {"r39_gather_return_exceptions_child_cancelled", gather_errors_with_cancelled_child, workers::any},
    {"r40_gather_cancelled_wakes_at_the_first_child", cancelled_gather_wakes_at_first_child, workers::any},
    {"r40_gather_cancelled_with_return_exceptions_waits_for_all", cancelled_gather_of_errors_waits_for_all,
     workers::any},
    {"r40_gather_children_swallow_the_cancel", children_of_gather_swallow_the_cancel, workers::any},
    {"r40_cancel_of_a_gather_object", cancel_of_a_gather_object},
    {"r40_nested_gather_cancelled", nested_gather_cancelled},
    {"r35_shield_races", shield_races},
    {"r35_shield_of_a_coroutine_goes_on", shielded_coroutine_goes_on, workers::any},
    {"r54_sleep_call_later_and_call_soon_at_one_instant", sleeps_and_timers_at_one_instant},
    {"r57_timers_cancelled_or_added_at_the_same_instant", timers_change_each_other},
    {"r41_wait_modes_and_order_of_resumption", wait_modes},
    {"r41_wait_times_out_at_the_instant_of_completion", wait_times_out_at_completion},
    // CPython drops the message of a request that comes after the time-out's own, which has none
    {"r43_wait_for_at_the_instant_of_completion", wait_for_at_completion, workers::one,
     [](json& expected) { expected[2].push_back("out"); }},
    {"r46_timeout_zero", timeout_zero},
    {"r48_body_and_child_errors", body_and_children_fail},
    {"r48_child_error_while_the_body_waits", child_fails_while_the_body_waits},
    {"r66_lock_passes_over_a_cancelled_waiter", lock_passes_over_cancelled},
    {"r68_condition_notify_and_cancel", condition_notify_and_cancel},
    {"r69_semaphore_hands_on_what_a_cancelled_waiter_had", semaphore_hands_on},
    {"r71_queue_getters_with_a_cancelled_one", queue_getters_with_a_cancelled_one},
    {"r64_callbacks_run_in_the_context_of_their_registration", callbacks_have_their_context},
};

const json& cpython() {
  static const json recorded = json::parse(std::ifstream(CHARKHA_MORE_TRACES));
  return recorded.at("traces");
}

/// With a second at the end, in which what was left ready still runs.
coro<> to_the_end(recorder& log, coro<> (*body)(recorder&)) {
  co_await body(log);
  co_await charkha::sleep(1s);
}

recorder play(const scenario& played, int count, std::uint64_t seed) {
  recorder log;
  charkha::simulation({.workers = count, .seed = seed}).run(to_the_end(log, played.body));
  return log;
}

constexpr std::uint64_t seed_count = 20;

}  // namespace

TEST_CASE("on one worker the events and their order are CPython's, turn by turn") {
  for (const auto& each : scenarios) {
    CAPTURE(each.name);
    json expected = cpython().at(each.name);
    each.adapt(expected);
    CHECK(play(each, 1, 1).in_order().dump() == expected.dump());
  }
}

TEST_CASE("on more workers each task's own events are CPython's, where the scenario does not count turns") {
  for (const auto& each : scenarios) {
    if (each.on == workers::one) continue;
    CAPTURE(each.name);
    const auto expected = play(each, 1, 1).by_task();
    for (const int count : {2, 4, 8}) {
      CAPTURE(count);
      for (const auto seed : charkha::test::seeds(seed_count)) {
        CAPTURE(seed);
        CHECK(json(play(each, count, seed).by_task()).dump() == json(expected).dump());
      }
    }
  }
}

TEST_CASE("every one of these scenarios is recorded, and every record played") {
  CHECK(cpython().size() == std::size(scenarios));
}
