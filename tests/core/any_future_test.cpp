// SPDX-License-Identifier: Apache-2.0
// What all handles have: callbacks above all (R14, R15, R22). Callbacks of tasks are in task_test.cpp.
#include "charkha/any_future.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/context_var.hpp"
#include "charkha/current_task.hpp"
#include "charkha/future.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

using charkha::any_future;
using charkha::coro;
using charkha::future;
using charkha::test::crank;
using charkha::test::gate;
using charkha::test::tracked;

namespace {

future<int> make(crank& wheel) {
  const crank::on_worker here(wheel);
  return charkha::create_future<int>();
}
coro<> note_after(std::string& log, char letter, future<int> of) {
  co_await of;
  log += letter;
}

}  // namespace

TEST_CASE(
    "callbacks and awaiting tasks take their turns in the order in which they came, never on the setter's stack") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  const auto note = [&log](char letter) { return [&log, letter](const any_future&) { log += letter; }; };
  f.add_done_callback(note('1'));
  auto a = wheel.start(note_after(log, 'a', f));
  wheel.run();
  f.add_done_callback(note('2'));
  auto b = wheel.start(note_after(log, 'b', f));
  wheel.run();
  f.add_done_callback(note('3'));
  f.set_result(1);
  CHECK(log.empty());
  CHECK(wheel.run() == 5);  // a turn each
  CHECK(log == "1a2b3");
}

TEST_CASE("a callback that is added when it is done already comes in a later turn all the same") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  f.set_result(1);
  f.add_done_callback([&log](const any_future&) { log += 'x'; });
  CHECK(log.empty());
  CHECK(wheel.run() == 1);
  CHECK(log == "x");
}

TEST_CASE("a callback gets a handle of the kind that it was registered with, alive although all others are gone") {
  crank wheel;
  int seen = 0;
  bool untyped = false;
  {
    auto f = make(wheel);
    f.add_done_callback([&seen](const future<int>& done) { seen = done.result(); });
    static_cast<const any_future&>(f).add_done_callback([&untyped](const any_future& done) { untyped = done.done(); });
    f.set_result(6);
  }
  wheel.run();
  CHECK(seen == 6);
  CHECK(untyped);
  CHECK(wheel.retained() == 0);
}

TEST_CASE("a callback may be taken back until its turn has come: the count says whether it was (R15)") {
  crank wheel;
  std::string log;
  auto f = make(wheel), other = make(wheel);
  const auto id = f.add_done_callback([&log](const any_future&) { log += '1'; });
  const auto kept = f.add_done_callback([&log](const any_future&) { log += '2'; });
  CHECK(other.remove_done_callback(id) == 0);
  CHECK(f.remove_done_callback(id) == 1);
  CHECK(f.remove_done_callback(id) == 0);
  CHECK(f.remove_done_callback({}) == 0);
  f.set_result(1);
  CHECK(f.remove_done_callback(kept) == 0);
  wheel.run();
  CHECK(log == "2");
}

TEST_CASE("an error that leaves a callback is reported, and the next one runs (R22)") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  f.add_done_callback([](const any_future&) { throw std::runtime_error("oops"); });
  f.add_done_callback([&log](const any_future&) { log += 'n'; });
  f.set_result(1);
  wheel.run();
  CHECK(log == "n");
  CHECK(wheel.reports() == std::vector<std::string>{"a callback: oops"});
}

TEST_CASE("callbacks hear of errors and of cancelling; hearing of an error is not looking at it (R21)") {
  crank wheel;
  int called = 0;
  {
    auto f = make(wheel), g = make(wheel);
    f.add_done_callback([&](const any_future& done) { called += done.cancelled() ? 1 : 100; });
    g.add_done_callback([&](const any_future& done) { called += done.done() ? 10 : 100; });
    f.cancel();
    g.set_exception(std::runtime_error("unseen"));
    wheel.run();
  }
  CHECK(called == 11);
  CHECK(wheel.reports() == std::vector<std::string>{"a future: unseen"});
}

TEST_CASE("a callback that is added by a callback comes after those that are there") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  f.add_done_callback([&log](const future<int>& done) {
    log += '1';
    done.add_done_callback([&log](const any_future&) { log += '3'; });
  });
  f.add_done_callback([&log](const any_future&) { log += '2'; });
  f.set_result(1);
  wheel.run();
  CHECK(log == "123");
}

TEST_CASE("a callback runs outside any task, in a copy of the context that it was registered in") {
  crank wheel;
  const charkha::context_var<int> variable("v", 0);
  std::vector<int> seen;
  auto f = make(wheel);
  auto body = [](const charkha::context_var<int>& v, future<int> of, std::vector<int>& out) -> coro<> {
    v.set(1);
    of.add_done_callback([&v, &out](const any_future&) {
      out.push_back(v.get());
      CHECK_FALSE(charkha::current_task());
      v.set(5);
    });
    v.set(2);
    of.add_done_callback([&v, &out](const any_future&) { out.push_back(v.get()); });
    co_await of;
    out.push_back(v.get());
  };
  auto t = wheel.start(body(variable, f, seen));
  wheel.run();
  f.set_result(1);
  wheel.run();
  CHECK(seen == std::vector<int>{1, 2, 2});
  CHECK(variable.get() == 0);
}

TEST_CASE("what a callback holds is freed: after the call, when taken back, when the future is dropped pending") {
  tracked::reset();
  crank wheel;
  const auto hold = [value = tracked(1)](const any_future&) {};
  CHECK(tracked::alive == 1);
  {
    auto called = make(wheel), taken_back = make(wheel), dropped = make(wheel);
    called.add_done_callback(hold);
    static_cast<void>(taken_back.remove_done_callback(taken_back.add_done_callback(hold)));
    CHECK(tracked::alive == 2);
    dropped.add_done_callback(hold);
    CHECK(tracked::alive == 3);
    called.set_result(1);
    wheel.run();
    CHECK(tracked::alive == 2);
  }
  CHECK(tracked::alive == 1);
  CHECK(wheel.retained() == 0);
}

TEST_CASE("an id outlives its future; it keeps neither the function nor anything else") {
  tracked::reset();
  crank wheel;
  charkha::done_callback_id id;
  {
    auto f = make(wheel);
    id = f.add_done_callback([value = tracked(1)](const any_future&) {});
  }
  CHECK(wheel.retained() == 0);
  CHECK(tracked::alive == 0);
  CHECK(make(wheel).remove_done_callback(id) == 0);
}

TEST_CASE("teardown: callbacks whose turn had come are freed uncalled, and so are those that come after it") {
  tracked::reset();
  bool called = false;
  const auto hold = [&called](tracked value) { return [&called, value](const any_future&) { called = true; }; };
  auto wheel = std::make_unique<crank>();
  {
    auto f = make(*wheel), later = make(*wheel);
    f.add_done_callback(hold(tracked(1)));
    f.add_done_callback(hold(tracked(2)));
    later.add_done_callback(hold(tracked(3)));
    f.set_result(1);
    wheel->turn();
    CHECK(called);
    called = false;
    wheel->tear_down();
    CHECK(tracked::alive == 1);
    later.set_result(1);
    later.add_done_callback(hold(tracked(4)));
    CHECK(tracked::alive == 0);
  }
  CHECK(wheel->retained() == 0);
  wheel.reset();
  CHECK_FALSE(called);
}

TEST_CASE("a frame that is destroyed at teardown may end a future that others wait for") {
  tracked::reset();
  class sets_at_end {
   public:
    explicit sets_at_end(future<int> which) noexcept : which_(std::move(which)) {}
    sets_at_end(const sets_at_end&) = delete;
    sets_at_end& operator=(const sets_at_end&) = delete;
    ~sets_at_end() { which_.set_result(1); }

   private:
    future<int> which_;
  };
  {
    crank wheel;
    gate at;
    auto f = make(wheel);
    auto body = [](gate& closed, future<int> which) -> coro<> {
      const sets_at_end guard(std::move(which));
      co_await closed.wait();
    };
    std::string log;
    static_cast<void>(wheel.start(body(at, f)));
    static_cast<void>(wheel.start(note_after(log, 'a', f)));
    f.add_done_callback([value = tracked(1)](const any_future&) {});
    wheel.run();
    wheel.tear_down();
    CHECK(f.done());
    CHECK(tracked::alive == 0);
    CHECK(log.empty());
  }
}

TEST_CASE("awaited without its type it gives nothing, or the error") {
  crank wheel;
  auto f = make(wheel), g = make(wheel);
  std::string log;
  auto body = [](any_future first, any_future second, std::string& out) -> coro<> {
    co_await first;
    out += '1';
    try {
      co_await second;
    } catch (const std::runtime_error& error) {
      out += error.what();
    }
  };
  auto t = wheel.start(body(f, g, log));
  wheel.run();
  f.set_result(1);
  g.set_exception(std::runtime_error("e"));
  wheel.run();
  CHECK(log == "1e");
  CHECK(t.done());
}

TEST_CASE("on an empty handle everything is a usage_error") {
  const any_future none;
  CHECK_FALSE(none);
  CHECK_THROWS_AS(static_cast<void>(none.done()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(none.cancelled()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(none.exception()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(none.cancel()), charkha::usage_error);
  CHECK_THROWS_AS(none.add_done_callback([](const any_future&) {}), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(none.remove_done_callback({})), charkha::usage_error);
}

TEST_CASE("ten thousand callbacks keep their order") {
  crank wheel;
  auto f = make(wheel);
  std::vector<int> order;
  for (int i = 0; i < 10'000; ++i) f.add_done_callback([&order, i](const any_future&) { order.push_back(i); });
  f.set_result(1);
  wheel.run();
  REQUIRE(order.size() == 10'000);
  bool sorted = true;
  for (std::size_t i = 0; i < order.size(); ++i) sorted = sorted && order[i] == static_cast<int>(i);
  CHECK(sorted);
}

TEST_CASE("a callback that holds the holder of its own id is freed when it was called, taken back or dropped") {
  struct holder {
    charkha::done_callback_id id;
    tracked value{1};
  };
  tracked::reset();
  crank wheel;
  for (int how = 0; how < 3; ++how) {
    CAPTURE(how);
    auto f = make(wheel);
    {
      auto owner = std::make_shared<holder>();
      owner->id = f.add_done_callback([owner](const any_future&) {});
      if (how == 1) CHECK(f.remove_done_callback(charkha::done_callback_id(owner->id)) == 1);
    }
    if (how == 0) f.set_result(1);
    wheel.run();
    f = {};
    CHECK(tracked::alive == 0);
  }
}
