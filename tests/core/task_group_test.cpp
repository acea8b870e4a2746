// SPDX-License-Identifier: Apache-2.0
// Tasks that end together (R47-R53), driven by hand: the order of events is asyncio's.
#include "charkha/task_group.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/outcome.hpp"
#include "support/tracked.hpp"

using charkha::coro;
using charkha::task;
using charkha::task_group;
using charkha::usage_error;
using charkha::with_task_group;
using charkha::test::crank;
using charkha::test::gate;
using charkha::test::outcome_of;
using charkha::test::requests_here;
using charkha::test::tracked;

namespace {

coro<> wait_at(gate& at) { co_await at.wait(); }

coro<> log_around(gate& at, std::string& log, char name) {
  log += name;
  try {
    co_await at.wait();
  } catch (const charkha::cancelled_error&) {
    log += '!';
    log += name;
    throw;
  }
  log += '.';
  log += name;
}

coro<> fail_at(gate& at, std::string text) {
  co_await at.wait();
  throw std::runtime_error(text);
}

coro<int> give(int value) { co_return value; }

/// Holds a tracked value while it waits.
coro<tracked> hold_at(gate& at, tracked held) {
  co_await at.wait();
  co_return std::move(held);
}

template <class T>
std::string ended(const task<T>& owner) {
  REQUIRE(owner.done());
  return owner.cancelled() ? "cancelled" : charkha::test::describe(owner.exception());
}

}  // namespace

TEST_CASE("the body's value comes out, of any kind, when the children have ended") {
  crank c;
  gate at;
  int referred = 3;
  auto body = [&]() -> coro<> {
    auto number = [&](task_group& group) -> coro<int> {
      group.create_task(wait_at(at));
      co_return 5;
    };
    const int five = co_await with_task_group(number);
    CHECK(five == 5);
    auto box = [](task_group&) -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(6); };
    const auto six = co_await with_task_group(box);
    CHECK(*six == 6);
    auto reference = [&](task_group&) -> coro<int&> { co_return referred; };
    int& same = co_await with_task_group(reference);
    CHECK(&same == &referred);
    auto without_argument = []() -> coro<int> { co_return 7; };
    const int seven = co_await with_task_group(without_argument);
    CHECK(seven == 7);
    task_group group;
    const int eight = co_await group.run(give(8));
    CHECK(eight == 8);
  };
  auto t = c.start(body());
  c.run();
  CHECK_FALSE(t.done());
  at.open();
  c.run();
  CHECK(ended(t) == "done");
}

TEST_CASE("an empty group does not suspend") {
  crank c;
  auto body = []() -> coro<> {
    auto nothing = [](task_group&) -> coro<> { co_return; };
    co_await with_task_group(nothing);
  };
  auto t = c.start(body());
  CHECK(c.run() == 1);
  CHECK(ended(t) == "done");
}

TEST_CASE("a child takes its turn, its group hears of it in the next, the owner goes on in the one after that") {
  crank c;
  std::string log;
  auto child = [&]() -> coro<> {
    log += 'c';
    co_return;
  };
  auto owner = [&]() -> coro<> {
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(child());
      log += 'b';
      co_return;
    };
    co_await with_task_group(body);
    log += 'o';
  };
  auto t = c.start(owner());
  const char* const after_each_turn[] = {"b", "bc", "bc", "bco"};
  for (const char* expected : after_each_turn) {
    CHECK(c.turn());
    CHECK(log == expected);
  }
  CHECK(t.done());
}

TEST_CASE("an error stops siblings and body, in that order, and all errors come out in the order of their end") {
  crank c;
  gate never;
  gate bad;
  std::string log;
  std::string what;
  std::vector<std::string> errors;
  auto owner = [&]() -> coro<> {
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(log_around(never, log, 'a'));
      group.create_task(fail_at(bad, "first"));
      group.create_task(log_around(never, log, 'b'));
      group.create_task(fail_at(bad, "second"));
      co_await log_around(never, log, 'o');
    };
    try {
      co_await with_task_group(body);
    } catch (const charkha::exception_group& group) {
      what = group.what();
      for (const auto& each : group.errors()) errors.push_back(charkha::test::describe(each));
    }
    CHECK(requests_here() == 0);
    co_await wait_at(bad);  // open: does not suspend, and nothing is pending
  };
  auto t = c.start(owner());
  c.run();
  CHECK(log == "oab");
  bad.open();
  c.run();
  CHECK(ended(t) == "done");
  CHECK(log == "oab!a!b!o");
  CHECK(errors == std::vector<std::string>{"first", "second"});
  CHECK(what == "unhandled errors in a task group: 2 errors: first; second");
  CHECK(c.reports().empty());
}

TEST_CASE("an eager child that failed before it joined the group does not cancel the owner before he waits (R53)") {
  crank c;
  std::string outcome;
  auto owner = [&]() -> coro<> {
    auto scope_with_eager_child = [&]() -> coro<> {
      charkha::detail::task_group_scope scope;
      const charkha::detail::group_entry entered(scope);
      gate open;
      open.open();
      auto child = charkha::create_task(fail_at(open, "eager"));
      {
        charkha::detail::group_place place(scope);
        static_cast<void>(co_await outcome_of(child));
        CHECK(child.done());
        place.take(charkha::detail::task_access::block(child));
      }
      CHECK(requests_here() == 0);
      scope.close(nullptr);
      while (!scope.try_finish()) co_await charkha::detail::task_group_wait(scope);
      CHECK(requests_here() == 1);
      scope.finish();
    };
    outcome = co_await outcome_of(scope_with_eager_child());
    CHECK(requests_here() == 0);
  };
  auto t = c.start(owner());
  c.run();
  CHECK(ended(t) == "done");
  CHECK(outcome == "{eager}");
}

TEST_CASE("a child that joins a group that was stopped meanwhile is stopped with it") {
  crank c;
  gate never;
  std::string outcome;
  task<> child;
  auto owner = [&]() -> coro<> {
    auto stopped_meanwhile = [&]() -> coro<> {
      charkha::detail::task_group_scope scope;
      const charkha::detail::group_entry entered(scope);
      {
        charkha::detail::group_place place(scope);
        scope.cancel();
        child = charkha::create_task(wait_at(never));
        place.take(charkha::detail::task_access::block(child));
      }
      scope.close(nullptr);
      while (!scope.try_finish()) co_await charkha::detail::task_group_wait(scope);
      scope.finish();
    };
    outcome = co_await outcome_of(stopped_meanwhile());
  };
  auto t = c.start(owner());
  c.run();
  CHECK(ended(t) == "done");
  CHECK(outcome == "done");
  CHECK(child.cancelled());
  CHECK(child.cancelling() == 1);
}

TEST_CASE("cancel() ends the group without an error: in the body, by a child, by others, again and again") {
  for (const std::string from : {"body", "child", "outside"}) {
    CAPTURE(from);
    crank c;
    gate never;
    std::string log;
    task_group group;
    auto child = [&]() -> coro<> {
      if (from == "child") group.cancel();
      co_await log_around(never, log, 'c');
    };
    auto owner = [&]() -> coro<> {
      auto body = [&]() -> coro<> {
        group.create_task(child());
        group.create_task(log_around(never, log, 'd'));
        if (from == "body") group.cancel();
        co_await log_around(never, log, 'o');
      };
      co_await group.run(body);
      CHECK(requests_here() == 0);
      group.cancel();
      CHECK(requests_here() == 0);
      log += '.';
    };
    auto t = c.start(owner());
    c.run();
    group.cancel();
    group.cancel();
    c.run();
    CHECK(ended(t) == "done");
    CHECK(t.cancelling() == 0);
    CHECK(log.ends_with("."));
    CHECK(log.find("!o") != std::string::npos);
  }
}

TEST_CASE("cancel() before the group is entered stops it as soon as it is") {
  crank c;
  gate never;
  std::string log;
  std::string refused;
  auto owner = [&]() -> coro<> {
    task_group group;
    group.cancel();
    auto body = [&]() -> coro<> {
      try {
        group.create_task(wait_at(never));
      } catch (const usage_error& error) {
        refused = error.what();
      }
      co_await log_around(never, log, 'o');
    };
    co_await group.run(body);
  };
  auto t = c.start(owner());
  c.run();
  CHECK(ended(t) == "done");
  CHECK(log == "o!o");
  CHECK(refused == "this task group is being cancelled: it takes no more tasks");
}

TEST_CASE("cancel() does not hide errors, and a body that owes a value says so") {
  crank c;
  gate never;
  std::string with_error;
  std::string without_value;
  std::string with_value;
  auto owner = [&]() -> coro<> {
    auto cleaning_fails = [&](task_group& group) -> coro<> {
      group.cancel();
      static_cast<void>(co_await outcome_of(wait_at(never)));
      throw std::runtime_error("cleaning");
    };
    with_error = co_await outcome_of(with_task_group(cleaning_fails));
    auto stopped = [&](task_group& group) -> coro<int> {
      group.cancel();
      co_await never.wait();
      co_return 1;
    };
    without_value = co_await outcome_of(with_task_group(stopped));
    auto goes_on = [&](task_group& group) -> coro<int> {
      group.create_task(wait_at(never));
      group.cancel();
      co_return 2;
    };
    const int two = co_await with_task_group(goes_on);
    CHECK(two == 2);
    CHECK(requests_here() == 0);
  };
  auto t = c.start(owner());
  c.run();
  CHECK(ended(t) == "done");
  CHECK(with_error == "{cleaning}");
  CHECK(without_value == "cancelled(the task group was cancelled before its body gave a value)");
}

TEST_CASE("a second request from outside while the owner waits at the end is not lost (R53)") {
  crank c;
  gate cleaned;
  task_group group;
  auto slow_to_stop = [&]() -> coro<> {
    gate never;
    static_cast<void>(co_await outcome_of(wait_at(never)));
    co_await cleaned.wait();
  };
  auto owner = [&]() -> coro<> {
    auto body = [&]() -> coro<> {
      group.create_task(slow_to_stop());
      co_return;
    };
    co_await group.run(body);
  };
  auto t = c.start(owner());
  c.run();
  group.cancel();  // the group's own, which would end without a word
  c.run();
  t.cancel("outside");
  c.run();
  CHECK_FALSE(t.done());
  cleaned.open();
  c.run();
  CHECK(ended(t) == "cancelled");
  CHECK(t.cancelling() == 1);
  try {
    t.result();
  } catch (const charkha::cancelled_error& request) {
    CHECK(request.message() == "outside");
  }
}

TEST_CASE("a request that was pending when the group was entered stays the owner's") {
  crank c;
  gate bad;
  gate never;
  std::string first;
  std::string then;
  auto owner = [&]() -> coro<> {
    charkha::test::cancel_oneself("before");
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(fail_at(bad, "child"));
      bad.open();
      co_return;
    };
    first = co_await outcome_of(with_task_group(body));
    CHECK(requests_here() == 1);
    then = co_await outcome_of(wait_at(never));
  };
  auto t = c.start(owner());
  c.run();
  CHECK(ended(t) == "done");
  CHECK(first == "{child}");
  CHECK(then == "cancelled(before)");
}

TEST_CASE("a request that was dealt with before the group does not count as a new one") {
  crank c;
  gate bad;
  gate never;
  std::string outcome;
  bool went_on = false;
  auto owner = [&]() -> coro<> {
    charkha::test::cancel_oneself("before");
    static_cast<void>(co_await outcome_of(wait_at(never)));
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(fail_at(bad, "child"));
      co_await never.wait();
    };
    outcome = co_await outcome_of(with_task_group(body));
    CHECK(requests_here() == 1);
    gate turn;
    auto opener = [&]() -> coro<> {
      turn.open();
      co_return;
    };
    static_cast<void>(charkha::create_task(opener()));
    co_await turn.wait();
    went_on = true;
  };
  auto t = c.start(owner());
  c.run();
  bad.open();
  c.run();
  CHECK(ended(t) == "done");
  CHECK(outcome == "{child}");
  CHECK(went_on);
}

TEST_CASE("the owner is cancelled after each number of turns: one outcome, nothing left over") {
  for (int turns = 0; turns < 20; ++turns) {
    CAPTURE(turns);
    tracked::reset();
    {
      crank c;
      gate at;
      gate bad;
      auto owner = [&]() -> coro<> {
        auto body = [&](task_group& group) -> coro<> {
          group.create_task(hold_at(at, tracked(1)));
          group.create_task(fail_at(bad, "bad"));
          at.open();
          bad.open();
          co_await group.create_task(hold_at(at, tracked(2)));
        };
        co_await with_task_group(body);
      };
      auto t = c.start(owner());
      for (int i = 0; i < turns; ++i) c.turn();
      const bool asked = t.cancel("stop");
      c.run();
      const std::string outcome = ended(t);
      const bool known = outcome == "cancelled" || outcome == "{bad}";
      CHECK(known);
      CHECK(t.cancelling() == (asked ? 1U : 0U));
      CHECK(c.reports().empty());
      t = task<>();
      CHECK(c.blocks() == 0);
    }
    CHECK(tracked::alive == 0);
  }
}

TEST_CASE("the owner's wait has a name, and may be in a child of when_all") {
  crank c;
  gate at;
  std::string waits_for;
  auto owner = [&]() -> coro<> {
    auto* const self = charkha::detail::current_worker()->current;
    auto child = [&at, &waits_for, self]() -> coro<> {
      co_await at.wait();
      waits_for = self->waiting_on->describe();
      throw std::runtime_error("child");
    };
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(child());
      co_return;
    };
    const std::string outcome = co_await outcome_of(with_task_group(body));
    CHECK(outcome == "{child}");
    CHECK(requests_here() == 0);
  };
  auto both = [&]() -> coro<> { co_await charkha::when_all(owner(), owner()); };
  auto t = c.start(both());
  c.run();
  at.open();
  c.run();
  CHECK(ended(t) == "done");
  CHECK(waits_for == "task group");
}

TEST_CASE("the forms of create_task: a coro, a function with up to four arguments; they live in the child") {
  crank c;
  tracked::reset();
  auto owner = []() -> coro<> {
    auto body = [](task_group& group) -> coro<int> {
      auto sum = [](auto... numbers) -> coro<int> { co_return (0 + ... + numbers.value); };
      auto none = group.create_task([held = tracked(1)]() -> coro<int> { co_return held.value; });
      auto one = group.create_task(sum, tracked(1));
      auto two = group.create_task(sum, tracked(1), tracked(2), {.name = "two"});
      auto three = group.create_task(sum, tracked(1), tracked(2), tracked(3));
      auto four = group.create_task(sum, tracked(1), tracked(2), tracked(3), tracked(4));
      CHECK(two.name() == "two");
      CHECK(std::string(two.site().file_name()).ends_with("task_group_test.cpp"));
      int total = 0;
      for (const auto& each : {none, one, two, three, four}) total += co_await each;
      co_return total;
    };
    const int total = co_await with_task_group(body);
    CHECK(total == 1 + 1 + 3 + 6 + 10);
  };
  auto t = c.start(owner());
  c.run();
  CHECK(ended(t) == "done");
  CHECK(tracked::alive == 0);
}

TEST_CASE("a runtime that takes no tasks: the place in the group is given back") {
  crank c;
  std::string refused;
  tracked::reset();
  gate never;
  auto owner = [&]() -> coro<> {
    auto body = [&](task_group& group) -> coro<> {
      c.close();
      try {
        group.create_task(hold_at(never, tracked(1)));
      } catch (const usage_error& error) {
        refused = error.what();
      }
      co_return;
    };
    co_await with_task_group(body);
  };
  auto t = c.start(owner());
  c.run();
  CHECK(ended(t) == "done");
  CHECK(refused == "the crank is closed");
  CHECK(tracked::alive == 0);
}

TEST_CASE("an empty coro is refused and takes no place") {
  crank c;
  auto owner = []() -> coro<> {
    auto body = [](task_group& group) -> coro<> {
      auto moved_from = give(1);
      auto kept = std::move(moved_from);
      CHECK_THROWS_AS(group.create_task(std::move(moved_from)), usage_error);
      group.create_task(std::move(kept));
      co_return;
    };
    co_await with_task_group(body);
  };
  auto t = c.start(owner());
  c.run();
  CHECK(ended(t) == "done");
}

TEST_CASE("a runtime that is torn down at any turn leaves nothing behind") {
  for (int turns = 0; turns < 16; ++turns) {
    CAPTURE(turns);
    tracked::reset();
    gate never;
    gate at;
    task_group outlives;  // not in the owner's frame
    {
      crank c;
      auto owner = [&](bool own_group) -> coro<> {
        auto body = [&](task_group& group) -> coro<> {
          group.create_task(hold_at(at, tracked(1)));
          group.create_task(hold_at(never, tracked(2)));
          group.create_task(fail_at(at, "bad"));
          at.open();
          static_cast<void>(co_await group.create_task(hold_at(never, tracked(3))));
        };
        const tracked held;
        if (own_group) {
          co_await with_task_group(body);
        } else {
          co_await outlives.run(body);
        }
      };
      auto a = c.start(owner(true));
      auto b = c.start(owner(false));
      for (int i = 0; i < turns; ++i) c.turn();
      c.tear_down();
      a = b = task<>();
      CHECK(c.blocks() == 0);
    }
    outlives.cancel();
    if (turns > 1) CHECK_THROWS_AS(outlives.create_task(give(1)), usage_error);
    CHECK(tracked::alive == 0);
  }
}

TEST_CASE("ten thousand children, and groups in groups a hundred deep") {
  crank c;
  int sum = 0;
  auto add = [&](int value) -> coro<> {
    sum += value;
    co_return;
  };
  auto owner = [&]() -> coro<> {
    auto body = [&](task_group& group) -> coro<> {
      for (int i = 0; i < 10'000; ++i) group.create_task(add(1));
      co_return;
    };
    co_await with_task_group(body);
    CHECK(sum == 10'000);
    struct nest {
      static coro<> down(int depth) {
        if (depth == 0) throw std::runtime_error("deep");
        auto level = [depth](task_group& group) -> coro<> {
          group.create_task(down(depth - 1));
          co_return;
        };
        co_await with_task_group(level);
      }
    };
    int depth = 0;
    std::exception_ptr error;
    try {
      co_await nest::down(100);
    } catch (...) {
      error = std::current_exception();
    }
    for (;;) {
      try {
        std::rethrow_exception(error);
      } catch (const charkha::exception_group& group) {
        REQUIRE(group.errors().size() == 1);
        error = group.errors()[0];
        ++depth;
      } catch (const std::runtime_error&) {
        break;
      }
    }
    CHECK(depth == 100);
  };
  auto t = c.start(owner());
  c.run();
  CHECK(ended(t) == "done");
}
