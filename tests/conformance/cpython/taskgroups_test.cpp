// SPDX-License-Identifier: Apache-2.0
// CPython's cases for task groups (test_taskgroups.py), written anew from what each one is about, for one worker and for
// several. Who waits for what is said by gates, since turns cannot be counted on several workers.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/countdown.hpp"
#include "support/every_runtime.hpp"
#include "support/gate.hpp"
#include "support/hand_runtime.hpp"
#include "support/outcome.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::coro;
using charkha::create_task;
using charkha::task;
using charkha::task_group;
using charkha::usage_error;
using charkha::with_task_group;
using charkha::test::countdown;
using charkha::test::gate;
using charkha::test::on_every_runtime;
using charkha::test::outcome_of;
using charkha::test::requests_here;

/// Until it is cancelled.
coro<> wait_for_ever() { co_await charkha::sleep(1h); }

coro<int> give(int value) {
  co_await charkha::sleep(1ms);
  co_return value;
}

coro<> fail(std::string text) {
  co_await charkha::yield();
  throw std::runtime_error(text);
}

coro<> fail_after(countdown& others, std::string text) {
  co_await others.wait();
  throw std::runtime_error(text);
}

/// Says that it has begun, waits until it is cancelled, and counts that.
coro<> wait_and_count(countdown& begun, std::atomic<int>& cancelled, int worth = 1) {
  begun.arrive();
  try {
    co_await wait_for_ever();
  } catch (const charkha::cancelled_error&) {
    cancelled += worth;
    throw;
  }
}

/// Says that it has begun, and fails when it is cancelled.
coro<> fail_in_cleanup(countdown& begun, std::string text) {
  begun.arrive();
  bool cancelled = false;
  try {
    co_await wait_for_ever();
  } catch (const charkha::cancelled_error&) {
    cancelled = true;
  }
  if (cancelled) throw std::runtime_error(text);
}

}  // namespace

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_01: two children, both results are there after the end") {
  on_every_runtime([]() -> coro<> {
    task<int> a;
    task<int> b;
    auto body = [&](task_group& group) -> coro<> {
      a = group.create_task(give(42));
      b = group.create_task(give(11));
      co_return;
    };
    co_await with_task_group(body);
    CHECK(a.result() == 42);
    CHECK(b.result() == 11);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_02: a child that the body adds later is awaited, too") {
  on_every_runtime([]() -> coro<> {
    task<int> a;
    task<int> b;
    auto body = [&](task_group& group) -> coro<> {
      a = group.create_task(give(42));
      co_await a;
      b = group.create_task(give(11));
    };
    co_await with_task_group(body);
    CHECK(a.result() == 42);
    CHECK(b.result() == 11);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_03: a child that is cancelled by hand is no error") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    std::atomic<int> cancelled = 0;
    task<> a;
    task<int> b;
    auto body = [&](task_group& group) -> coro<> {
      a = group.create_task(wait_and_count(begun, cancelled));
      co_await begun.wait();
      a.cancel();
      b = group.create_task(give(11));
    };
    co_await with_task_group(body);
    CHECK(a.cancelled());
    CHECK(cancelled == 1);
    CHECK(b.result() == 11);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_04: an error cancels the siblings, what follows is not reached") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    std::atomic<int> cancelled = 0;
    std::atomic<bool> reached = false;
    task<> sibling;
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(fail_after(begun, "zero"));
      sibling = group.create_task(wait_and_count(begun, cancelled));
      co_return;
    };
    auto owner = [&]() -> coro<> {
      co_await with_task_group(body);
      reached = true;
    };
    const std::string outcome = co_await outcome_of(create_task(owner()));
    CHECK(outcome == "{zero}");
    CHECK_FALSE(reached);
    CHECK(cancelled == 1);
    CHECK(sibling.cancelled());
  });
}

TEST_CASE(
    "test_taskgroups.TestTaskGroup.cancel_children_on_child_error: the errors come out together, body and children are "
    "cancelled") {
  on_every_runtime([]() -> coro<> {
    countdown begun(2);
    std::atomic<int> cancelled = 0;
    std::size_t errors = 0;
    auto body = [&](task_group& group) -> coro<> {
      for (int i = 0; i < 3; ++i) group.create_task(fail_after(begun, "zero"));
      group.create_task(wait_and_count(begun, cancelled));
      co_await wait_and_count(begun, cancelled, 10);
    };
    auto owner = [&]() -> coro<> {
      try {
        co_await with_task_group(body);
      } catch (const charkha::exception_group& group) {
        errors = group.errors().size();
        CHECK(std::string(group.what()).starts_with("unhandled errors in a task group: "));
      }
      CHECK(requests_here() == 0);
    };
    co_await create_task(owner());
    CHECK(errors >= 1);  // those that were cancelled before they failed are none
    CHECK(errors <= 3);
    CHECK(cancelled == 11);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.cancellation: the owner is cancelled: all children are, the message is kept") {
  on_every_runtime([]() -> coro<> {
    countdown begun(5);
    std::atomic<int> cancelled = 0;
    auto body = [&](task_group& group) -> coro<> {
      for (int i = 0; i < 5; ++i) group.create_task(wait_and_count(begun, cancelled));
      co_return;
    };
    auto owner = create_task([&]() -> coro<> { return with_task_group(body); });
    co_await begun.wait();
    CHECK_FALSE(owner.done());
    owner.cancel("test");
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "cancelled(test)");
    CHECK(cancelled == 5);
    CHECK(owner.cancelling() == 1);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_07: the owner is cancelled while the body itself waits") {
  on_every_runtime([]() -> coro<> {
    countdown begun(6);
    std::atomic<int> cancelled = 0;
    auto body = [&](task_group& group) -> coro<> {
      for (int i = 0; i < 5; ++i) group.create_task(wait_and_count(begun, cancelled));
      co_await wait_and_count(begun, cancelled, 10);
    };
    auto owner = create_task([&]() -> coro<> { return with_task_group(body); });
    co_await begun.wait();
    owner.cancel();
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "cancelled()");
    CHECK(cancelled == 15);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_08: children that fail in their clean-up after the owner's cancel") {
  on_every_runtime([]() -> coro<> {
    countdown begun(4);
    auto body = [&](task_group& group) -> coro<> {
      for (const char* name : {"a", "b", "c"}) group.create_task(fail_in_cleanup(begun, name));
      begun.arrive();
      co_await wait_for_ever();
    };
    auto owner = create_task([&]() -> coro<> { return with_task_group(body); });
    co_await begun.wait();
    owner.cancel("test");
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "{a, b, c}");
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_09: the body fails after a wait: the children are cancelled") {
  on_every_runtime([]() -> coro<> {
    countdown begun(2);
    std::atomic<int> cancelled = 0;
    std::vector<task<>> children;
    auto body = [&](task_group& group) -> coro<> {
      for (int i = 0; i < 2; ++i) children.push_back(group.create_task(wait_and_count(begun, cancelled)));
      co_await begun.wait();
      throw std::runtime_error("zero");
    };
    const std::string outcome = co_await outcome_of(with_task_group(body));
    CHECK(outcome == "{zero}");
    CHECK(cancelled == 2);
    for (const auto& each : children) CHECK(each.cancelled());
    CHECK(requests_here() == 0);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_10: the body fails at once: the children are cancelled") {
  auto program = [](bool alone) -> coro<> {
    std::atomic<int> begun = 0;
    std::vector<task<>> children;
    auto child = [&]() -> coro<> {
      ++begun;
      co_await wait_for_ever();
    };
    auto body = [&](task_group& group) -> coro<> {
      for (int i = 0; i < 2; ++i) children.push_back(group.create_task(child()));
      throw std::runtime_error("zero");
      co_return;
    };
    const std::string outcome = co_await outcome_of(with_task_group(body));
    CHECK(outcome == "{zero}");
    for (const auto& each : children) CHECK(each.cancelled());
    if (alone) CHECK(begun == 0);  // on more workers another one may have begun it
  };
  on_every_runtime([&] { return program(false); });
  charkha::run(program(true), {.workers = 1});
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_11: inner children fail in clean-up: a group inside a group") {
  on_every_runtime([]() -> coro<> {
    countdown begun(3);
    auto inner = [&](task_group& group) -> coro<> {
      for (const char* name : {"a", "b", "c"}) group.create_task(fail_in_cleanup(begun, name));
      co_await wait_for_ever();
    };
    auto outer = [&](task_group&) -> coro<> { co_await with_task_group(inner); };
    auto owner = create_task([&]() -> coro<> { return with_task_group(outer); });
    co_await begun.wait();
    owner.cancel();
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "{{a, b, c}}");
    CHECK(owner.cancelling() == 1);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_12: the same with a waiting child in the outer group") {
  on_every_runtime([]() -> coro<> {
    countdown begun(4);
    std::atomic<int> cancelled = 0;
    auto inner = [&](task_group& group) -> coro<> {
      for (const char* name : {"a", "b", "c"}) group.create_task(fail_in_cleanup(begun, name));
      co_await wait_for_ever();
    };
    auto outer = [&](task_group& group) -> coro<> {
      group.create_task(wait_and_count(begun, cancelled));
      co_await with_task_group(inner);
    };
    auto owner = create_task([&]() -> coro<> { return with_task_group(outer); });
    co_await begun.wait();
    owner.cancel();
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "{{a, b, c}}");
    CHECK(cancelled == 1);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_13: an outer child fails while the inner group waits: no nesting") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    std::atomic<int> cancelled = 0;
    auto inner = [&](task_group& group) -> coro<> {
      group.create_task(wait_and_count(begun, cancelled));
      co_return;
    };
    auto outer = [&](task_group& group) -> coro<> {
      group.create_task(fail_after(begun, "value"));
      co_await with_task_group(inner);
    };
    const std::string outcome = co_await outcome_of(with_task_group(outer));
    CHECK(outcome == "{value}");
    CHECK(cancelled == 1);
    CHECK(requests_here() == 0);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_14: an inner child fails: a group inside a group") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    std::atomic<int> cancelled = 0;
    auto inner = [&](task_group& group) -> coro<> {
      group.create_task(fail_after(begun, "value"));
      co_return;
    };
    auto outer = [&](task_group& group) -> coro<> {
      group.create_task(wait_and_count(begun, cancelled));
      co_await with_task_group(inner);
    };
    const std::string outcome = co_await outcome_of(with_task_group(outer));
    CHECK(outcome == "{{value}}");
    CHECK(cancelled == 1);
    CHECK(requests_here() == 0);
  });
}

namespace {

/// Cancelled from outside, cleans up until a child has failed meanwhile.
coro<> clean_up_while_a_child_fails(countdown& begun) {
  countdown cleaning(1);
  auto body = [&](task_group& group) -> coro<> {
    group.create_task(fail_after(cleaning, "zero"));
    std::exception_ptr request;
    begun.arrive();
    try {
      co_await wait_for_ever();
    } catch (const charkha::cancelled_error&) {
      request = std::current_exception();
    }
    cleaning.arrive();
    co_await wait_for_ever();  // the child's error ends it
    std::rethrow_exception(request);
  };
  co_await with_task_group(body);
}

}  // namespace

TEST_CASE(
    "test_taskgroups.TestTaskGroup.taskgroup_15: a child fails while the cancelled body cleans up: the error wins") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    auto owner = create_task(clean_up_while_a_child_fails(begun));
    co_await begun.wait();
    owner.cancel();
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "{zero}");
    CHECK(owner.cancelling() == 1);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_16: the same through a task in between") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    auto through = [&]() -> coro<> {
      auto nested = create_task(clean_up_while_a_child_fails(begun));
      co_await nested;
    };
    auto owner = create_task(through());
    co_await begun.wait();
    owner.cancel();
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "{zero}");
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_17: an empty group whose owner is cancelled: a plain cancel") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    std::atomic<int> cancelled = 0;
    auto body = [&](task_group&) -> coro<> { co_await wait_and_count(begun, cancelled, 10); };
    auto owner = create_task([&]() -> coro<> { return with_task_group(body); });
    co_await begun.wait();
    owner.cancel();
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "cancelled()");
    CHECK(cancelled == 10);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_18: the body turns the cancel into an error: the group's error") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    auto body = [&](task_group&) -> coro<> { co_await fail_in_cleanup(begun, "mine"); };
    auto owner = create_task([&]() -> coro<> { return with_task_group(body); });
    co_await begun.wait();
    owner.cancel();
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "{mine}");
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_19: child and body both fail: both errors are in the group") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(fail_after(begun, "child"));
      co_await fail_in_cleanup(begun, "body");
    };
    auto owner = create_task([&]() -> coro<> { return with_task_group(body); });
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "{body, child}");
    CHECK(owner.cancelling() == 0);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_22: the owner is cancelled while it only waits at the end") {
  on_every_runtime([]() -> coro<> {
    countdown begun(2);
    std::atomic<int> cancelled = 0;
    auto body = [&](task_group& group) -> coro<> {
      for (int i = 0; i < 2; ++i) group.create_task(wait_and_count(begun, cancelled));
      co_return;
    };
    auto owner = create_task([&]() -> coro<> { return with_task_group(body); });
    co_await begun.wait();
    owner.cancel();
    const std::string outcome = co_await outcome_of(owner);
    CHECK(outcome == "cancelled()");
    CHECK(owner.cancelled());
    CHECK(cancelled == 2);
  });
}

TEST_CASE(
    "test_taskgroups.TestTaskGroup.taskgroup_23: children that have ended are forgotten while the group goes on") {
  on_every_runtime([]() -> coro<> {
    std::atomic<int> alive = 0;
    auto give_box = [&]() -> coro<std::shared_ptr<int>> {
      ++alive;
      co_return std::shared_ptr<int>(new int(1), [&alive](int* box) {
        delete box;
        --alive;
      });
    };
    auto body = [&](task_group& group) -> coro<> {
      for (int i = 0; i < 10; ++i) group.create_task(give_box());
      co_await group.create_task(give_box());
      while (alive != 0) co_await charkha::yield();
    };
    co_await with_task_group(body);
    CHECK(alive == 0);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_24: children may create children in the group") {
  on_every_runtime([]() -> coro<> {
    std::atomic<int> count = 0;
    struct tree {
      static coro<> grow(task_group& group, std::atomic<int>& nodes, int depth) {
        ++nodes;
        if (depth == 0) co_return;
        co_await charkha::yield();
        group.create_task(grow(group, nodes, depth - 1));
        group.create_task(grow(group, nodes, depth - 1));
      }
    };
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(tree::grow(group, count, 5));
      co_return;
    };
    co_await with_task_group(body);
    CHECK(count == 63);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_25: a storm of new children ends when one of them fails") {
  on_every_runtime([]() -> coro<> {
    auto storm = [](task_group& group) -> coro<> {
      for (;;) {
        group.create_task(wait_for_ever());
        co_await charkha::yield();
      }
    };
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(storm(group));
      group.create_task(fail("boom"));
      co_return;
    };
    std::string outcome = co_await outcome_of(with_task_group(body));
    // The storm may meet the group's refusal before its own cancellation.
    if (outcome != "{boom}") CHECK(outcome == "{boom, this task group is being cancelled: it takes no more tasks}");
    CHECK(requests_here() == 0);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_task_name: the name is passed on") {
  on_every_runtime([]() -> coro<> {
    auto body = [](task_group& group) -> coro<> {
      auto named = group.create_task(give(1), {.name = "yellow"});
      auto called = group.create_task(give, 2, {.name = "green"});
      CHECK(named.name() == "yellow");
      CHECK(called.name() == "green");
      const int value = co_await called;
      CHECK(value == 2);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_no_create_task_after_failure: no new child once the group stops") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    std::string refused;
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(fail_after(begun, "zero"));
      begun.arrive();
      try {
        co_await wait_for_ever();
      } catch (const charkha::cancelled_error&) {
        try {
          group.create_task(wait_for_ever());
        } catch (const usage_error& error) {
          refused = error.what();
        }
      }
    };
    const std::string outcome = co_await outcome_of(with_task_group(body));
    CHECK(outcome == "{zero}");
    CHECK(refused.find("is being cancelled") != std::string::npos);
  });
}

TEST_CASE(
    "test_taskgroups.TestTaskGroup.taskgroup_context_manager_exit_raises: an error from the end of a scope in the body "
    "joins the group") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    auto scope_with_bad_end = [&]() -> coro<> {
      std::exception_ptr request;
      try {
        co_await fail_in_cleanup(begun, "exit of the scope");
      } catch (...) {
        request = std::current_exception();
      }
      std::rethrow_exception(request);
    };
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(fail_after(begun, "child"));
      co_await scope_with_bad_end();
    };
    const std::string outcome = co_await outcome_of(with_task_group(body));
    CHECK(outcome == "{child, exit of the scope}");
    CHECK(requests_here() == 0);
    co_await charkha::yield();
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_already_entered: entering a group inside itself is an error") {
  on_every_runtime([]() -> coro<> {
    task_group group;
    std::string refused;
    auto nothing = []() -> coro<> { co_return; };
    auto body = [&]() -> coro<> { refused = co_await outcome_of(group.run(nothing)); };
    co_await group.run(body);
    CHECK(refused.find("has been entered before") != std::string::npos);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_double_enter: entering a group again after its end is an error") {
  on_every_runtime([]() -> coro<> {
    task_group group;
    auto nothing = []() -> coro<> { co_return; };
    co_await group.run(nothing);
    const std::string refused = co_await outcome_of(group.run(nothing));
    CHECK(refused.find("has been entered before") != std::string::npos);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_finished: a child after the end is an error") {
  on_every_runtime([]() -> coro<> {
    task_group group;
    co_await group.run(give(1));
    CHECK_THROWS_WITH_AS(group.create_task(give(1)), "this task group has ended: it takes no more tasks", usage_error);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_not_entered: a child before the group is entered is an error") {
  on_every_runtime([]() -> coro<> {
    task_group group;
    CHECK_THROWS_AS(group.create_task(give(1)), usage_error);
    co_await group.run(give(1));
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_without_parent_task: a group outside a task is an error") {
  auto nothing = []() -> coro<> { co_return; };
  task_group group;
  CHECK(charkha::test::outcome_without_a_task(group.run(nothing)).find("entered by a task") != std::string::npos);
  charkha::test::hand_runtime runtime(1);
  charkha::detail::set_current_worker(&runtime.worker(0));
  CHECK(charkha::test::outcome_without_a_task(group.run(nothing)).find("entered by a task") != std::string::npos);
  CHECK_THROWS_WITH_AS(
      group.create_task(give(1)),
      "this task group has not been entered: create its tasks in the body of run() or with_task_group()", usage_error);
  charkha::detail::set_current_worker(nullptr);
}

TEST_CASE("test_taskgroups.TestTaskGroup.coro_closed_when_tg_closed: a coroutine that is refused is destroyed") {
  on_every_runtime([]() -> coro<> {
    auto hold = [](std::shared_ptr<int>) -> coro<> { co_return; };
    auto box = std::make_shared<int>(1);
    task_group group;
    CHECK_THROWS_AS(group.create_task(hold(box)), usage_error);
    CHECK(box.use_count() == 1);
    auto cancelled = [&]() -> coro<> {
      group.cancel();
      CHECK_THROWS_AS(group.create_task(hold(box)), usage_error);
      CHECK(box.use_count() == 1);
      co_return;
    };
    co_await group.run(cancelled);
    CHECK_THROWS_AS(group.create_task(hold(box)), usage_error);
    CHECK(box.use_count() == 1);
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.cancelling_level_preserved: no request is left after the group's error") {
  on_every_runtime([]() -> coro<> {
    auto body = [](task_group& group) -> coro<> {
      group.create_task(fail("zero"));
      co_return;
    };
    const std::string outcome = co_await outcome_of(with_task_group(body));
    CHECK(outcome == "{zero}");
    CHECK(requests_here() == 0);
    co_await charkha::yield();
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.nested_groups_both_cancelled: errors in both groups at once") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    countdown inner_stops(1);
    std::string inner_outcome;
    auto inner = [&](task_group& group) -> coro<> {
      group.create_task(fail_after(begun, "inner"));
      begun.arrive();
      try {
        co_await wait_for_ever();
      } catch (const charkha::cancelled_error&) {
      }
      inner_stops.arrive();
      co_await wait_for_ever();  // until the outer group stops, too
    };
    auto outer = [&](task_group& group) -> coro<> {
      group.create_task(fail_after(inner_stops, "outer"));
      inner_outcome = co_await outcome_of(with_task_group(inner));
      CHECK(requests_here() == 1);  // the outer group's, still to be delivered
      co_await charkha::yield();
    };
    const std::string outcome = co_await outcome_of(with_task_group(outer));
    CHECK(inner_outcome == "{inner}");
    CHECK(outcome == "{outer}");
    CHECK(requests_here() == 0);
    co_await charkha::yield();
  });
}

TEST_CASE(
    "test_taskgroups.TestTaskGroup.error_and_cancel: a child's error comes first, the outside cancel at the next "
    "wait") {
  on_every_runtime([]() -> coro<> {
    task<> owner;
    countdown known(1);
    std::string first;
    std::string then;
    std::uint32_t requests = 0;
    auto child = [&]() -> coro<> {
      co_await known.wait();
      owner.cancel("outside");
      throw std::runtime_error("child");
    };
    auto body = [&](task_group& group) -> coro<> {
      group.create_task(child());
      co_return;
    };
    auto own = [&]() -> coro<> {
      first = co_await outcome_of(with_task_group(body));
      requests = requests_here();
      then = co_await outcome_of(wait_for_ever());
    };
    owner = create_task(own());
    known.arrive();
    co_await owner;
    CHECK(first == "{child}");
    CHECK(requests == 1);
    CHECK(then == "cancelled(outside)");
  });
}

TEST_CASE("test_taskgroups.TestTaskGroup.taskgroup_task_context: a child lives in the context that it is given") {
  on_every_runtime([]() -> coro<> {
    static charkha::context_var<int> variable("variable", 0);
    auto expect = [](int before, int after) -> coro<> {
      CHECK(variable.get() == before);
      variable.set(after);
      co_await charkha::yield();
      CHECK(variable.get() == after);
    };
    auto body = [&](task_group& group) -> coro<> {
      const charkha::context given = charkha::context::copy_current();
      CHECK(variable.get() == 0);
      auto first = group.create_task(expect(0, 1), {.context = &given});
      co_await first;
      CHECK(variable.get() == 0);
      CHECK(given.run([] { return variable.get(); }) == 1);
      auto second = group.create_task(expect(1, 2), {.context = &given});
      co_await second;
      CHECK(given.run([] { return variable.get(); }) == 2);
      group.create_task(expect(0, 3));
      co_await group.create_task(expect(0, 4));
      CHECK(variable.get() == 0);
    };
    co_await with_task_group(body);
    CHECK(variable.get() == 0);
  });
}
