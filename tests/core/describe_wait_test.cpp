// SPDX-License-Identifier: Apache-2.0
// What a task waits for, in words, asked while it may go on.
#include "charkha/detail/describe_wait.hpp"

#include <doctest/doctest.h>

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/current_task.hpp"
#include "charkha/detail/known_tasks.hpp"
#include "charkha/detail/lock_holder.hpp"
#include "charkha/gather.hpp"
#include "charkha/lock.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::coro;
using charkha::detail::describe_wait;
using charkha::detail::known_tasks;
using charkha::detail::lock_holder;
using charkha::test::crank;
using charkha::test::gate;

namespace {

coro<> pass(gate& at) { co_await at.wait(); }
coro<> keep(charkha::lock& of, gate& until) {
  const auto held = co_await of.hold();
  co_await until.wait();
}
coro<> take(charkha::lock& of) { co_await of.acquire(); }
coro<> await_it(charkha::task<> other) { co_await other; }
coro<> gather_them(charkha::task<> a, charkha::task<> b) { co_await charkha::gather(a, b); }
coro<> fork_two(gate& at) { co_await charkha::when_all(pass(at), pass(at)); }
coro<> swallow_one(gate& first, gate& second) {
  try {
    co_await first.wait();
  } catch (const charkha::cancelled_error&) {
  }
  co_await second.wait();
}

template <class T>
charkha::detail::task_core& core_of(const charkha::task<T>& handle) {
  return charkha::detail::task_access::block(handle);
}

/// Says of itself what it likes, and meanwhile something happens.
class talkative final : public charkha::detail::wait_operation {
 public:
  explicit talkative(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <charkha::detail::charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
    begin(*frame.promise().task, frame);
    return suspend();
  }
  void await_resume() {
    if (resumed_by_cancel()) charkha::detail::throw_cancelled(task());
  }
  [[nodiscard]] std::string_view describe() const noexcept override {
    if (meanwhile == what::completed) {
      auto* self = const_cast<talkative*>(this);
      if (auto* item = self->complete()) task().runtime.make_ready(*item, charkha::detail::ready_kind::woken);
    }
    if (meanwhile == what::cancelled) task().cancel("meanwhile");
    return text_;
  }
  enum class what : unsigned char { nothing, completed, cancelled };
  what meanwhile = what::nothing;

 private:
  std::string text_;
};
coro<> talk(talkative& with) { co_await with; }

/// Waits, and names one holder after the other when it is asked; the last one from then on.
class rumour final : public charkha::detail::wait_operation {
 public:
  explicit rumour(std::vector<std::uint64_t> holders) : holders_(std::move(holders)) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <charkha::detail::charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
    begin(*frame.promise().task, frame);
    return suspend();
  }
  void await_resume() {
    if (resumed_by_cancel()) charkha::detail::throw_cancelled(task());
  }
  [[nodiscard]] std::string_view describe() const noexcept override { return "rumour"; }
  [[nodiscard]] std::uint64_t holder() const noexcept override {
    const std::size_t last = holders_.size() - 1;
    return holders_[asked_ < last ? asked_++ : last];
  }

 private:
  std::vector<std::uint64_t> holders_;
  mutable std::size_t asked_ = 0;
};
coro<> listen(rumour& to) { co_await to; }

}  // namespace

TEST_CASE("a task that is queued, or done, is running; one that waits is described, and goes on waiting") {
  crank wheel;
  gate closed;
  auto t = wheel.start(pass(closed));
  CHECK(describe_wait(core_of(t)) == "running");
  wheel.run();
  CHECK(describe_wait(core_of(t)) == "gate");
  CHECK(describe_wait(core_of(t)) == "gate");
  CHECK(t.cancelling() == 0);
  CHECK(wheel.ready() == 0);
  closed.open();
  CHECK(describe_wait(core_of(t)) == "running");
  wheel.run();
  CHECK(describe_wait(core_of(t)) == "running");
  CHECK_NOTHROW(t.result());
}

TEST_CASE("one that awaits a task names it; a gather and a when_all say what they are") {
  crank wheel;
  gate closed;
  auto inner = wheel.start(pass(closed), {.name = "inner"});
  auto outer = wheel.start(await_it(inner));
  auto several = wheel.start(gather_them(inner, outer));
  auto forked = wheel.start(fork_two(closed));
  wheel.run();
  CHECK(describe_wait(core_of(outer)) == "task inner");
  CHECK(describe_wait(core_of(several)) == "gather");
  CHECK(describe_wait(core_of(forked)) == "when_all");
  closed.open();
  wheel.run();
  CHECK(forked.done());
}

TEST_CASE("after a request that was swallowed the next wait is described") {
  crank wheel;
  gate first, second;
  auto t = wheel.start(swallow_one(first, second));
  wheel.run();
  t.cancel();
  CHECK(describe_wait(core_of(t)) == "running");
  wheel.run();
  CHECK(describe_wait(core_of(t)) == "gate");
  CHECK(t.cancelling() == 1);
  second.open();
  wheel.run();
  CHECK_NOTHROW(t.result());
}

TEST_CASE("a long description is cut, an empty one stays empty") {
  talkative lengthy(std::string(100, 'x')), silent("");
  crank wheel;
  auto a = wheel.start(talk(lengthy));
  auto b = wheel.start(talk(silent));
  wheel.run();
  CHECK(describe_wait(core_of(a)) == std::string(63, 'x'));
  CHECK(describe_wait(core_of(b)).empty());
}

TEST_CASE("what happens to the task while it is looked at is carried on afterwards") {
  crank wheel;
  talkative with("words");
  auto t = wheel.start(talk(with));
  wheel.run();
  SUBCASE("it is completed: it goes on") {
    with.meanwhile = talkative::what::completed;
    CHECK(describe_wait(core_of(t)) == "words");
    CHECK(wheel.ready() == 1);
    wheel.run();
    CHECK_NOTHROW(t.result());
  }
  SUBCASE("it is cancelled: with the request's message") {
    with.meanwhile = talkative::what::cancelled;
    CHECK(describe_wait(core_of(t)) == "words");
    CHECK(t.cancelling() == 1);
    wheel.run();
    CHECK(t.cancelled());
    try {
      t.result();
    } catch (const charkha::cancelled_error& error) {
      CHECK(error.message() == "meanwhile");
    }
  }
}

TEST_CASE("a handle says what its task waits for, and nothing when the task is done") {
  crank wheel;
  gate closed;
  auto inner = wheel.start(pass(closed), {.name = "inner"});
  auto outer = wheel.start(await_it(inner));
  const charkha::any_task untyped = outer;
  CHECK(untyped.waiting_for() == "running");
  wheel.run();
  CHECK(inner.waiting_for() == "gate");
  CHECK(untyped.waiting_for() == "task inner");
  closed.open();
  CHECK(inner.waiting_for() == "running");
  wheel.run();
  CHECK(inner.waiting_for().empty());
  CHECK(untyped.waiting_for().empty());
  CHECK_THROWS_AS(static_cast<void>(charkha::any_task().waiting_for()), charkha::usage_error);
}

TEST_CASE("so does the handle of a child of when_all") {
  crank wheel;
  gate closed;
  std::array<charkha::any_task, 2> children;
  auto introduce = [&](std::size_t index) -> coro<> {
    children[index] = charkha::current_task();
    co_await closed.wait();
  };
  auto both = [&]() -> coro<> { co_await charkha::when_all(introduce(0), introduce(1)); };
  auto parent = wheel.start(both());
  wheel.run();
  CHECK(parent.waiting_for() == "when_all");
  CHECK(children[0].waiting_for() == "gate");
  children[1].cancel();
  CHECK(children[1].waiting_for() == "running");  // it has its turn now
  wheel.run();
  closed.open();
  wheel.run();
  CHECK(children[0].waiting_for().empty());
  CHECK(children[1].waiting_for().empty());
  CHECK(parent.cancelled());
}

TEST_CASE("a task that a canceller holds for long is called cancelled") {
  crank wheel;
  gate closed;
  auto t = wheel.start(pass(closed));
  wheel.run();
  auto& core = core_of(t);
  CHECK(core.begin_cancel() == charkha::detail::cancel_result::held);
  CHECK(describe_wait(core) == "cancelled");
  core.finish_cancel({});
  wheel.run();
  CHECK(t.cancelled());
}

TEST_CASE("a holder is looked for once, however many wait for it, be it there or gone") {
  charkha::lock l, abandoned;
  gate until;
  crank wheel;
  auto a = wheel.start(keep(l, until), {.name = "holder"});
  static_cast<void>(wheel.start(take(abandoned)));
  std::vector<charkha::task<>> waiting;
  for (int i = 0; i < 50; ++i) {
    waiting.push_back(wheel.start(take(l)));
    waiting.push_back(wheel.start(take(abandoned)));
  }
  wheel.run();
  known_tasks known;
  SUBCASE("if nothing is known") {
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      const auto said = charkha::detail::describe_wait(core_of(waiting[i]), known);
      CHECK(said == (i % 2 == 0 ? "lock held by holder" : "lock held by Task-2, which has ended"));
    }
    CHECK(wheel.searches() == 2);
  }
  SUBCASE("or never, if it is known") {
    known.add(*core_of(a).heap_block());
    for (std::size_t i = 0; i < waiting.size(); i += 2) {
      CHECK(charkha::detail::describe_wait(core_of(waiting[i]), known) == "lock held by holder");
    }
    CHECK(wheel.searches() == 0);
  }
}

TEST_CASE("a holder that gives the lock away and ends while it is looked for is not called one that kept it") {
  crank wheel;
  gate until;
  auto alive = wheel.start(pass(until), {.name = "alive"});
  const std::uint64_t here = core_of(alive).heap_block()->number, gone = 1000;
  std::vector<std::uint64_t> holders;
  std::string expected;
  SUBCASE("the next one is named") {
    holders = {gone, here};
    expected = "rumour held by alive";
  }
  SUBCASE("nobody has it now") {
    holders = {gone, lock_holder::unknown};
    expected = "rumour";
  }
  SUBCASE("a child of when_all has it now") {
    holders = {gone, lock_holder::child};
    expected = "rumour held by a child of when_all";
  }
  SUBCASE("they come and go too fast") {
    holders = {gone, gone + 1, gone + 2, gone + 3};
    expected = "rumour";
  }
  SUBCASE("it kept it") {
    holders = {gone};
    expected = "rumour held by Task-1000, which has ended";
  }
  SUBCASE("the next one kept it") {
    holders = {gone, gone + 1, gone + 1};
    expected = "rumour held by Task-1001, which has ended";
  }
  rumour of(holders);
  auto t = wheel.start(listen(of));
  wheel.run();
  CHECK(t.waiting_for() == expected);
  t.cancel();
  until.open();
  wheel.run();
}
