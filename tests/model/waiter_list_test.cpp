// SPDX-License-Identifier: Apache-2.0
// Those who wait for a completion: nobody is forgotten, nobody told twice, and whoever sees the completion sees the
// result.
#include "charkha/detail/waiter_list.hpp"

#include <doctest/doctest.h>

#include "checker/atomic.hpp"
#include "checker/scenario.hpp"

using charkha::detail::ready_item;
using charkha::detail::waiter;
using charkha::model::explore;
using charkha::model::options;
using charkha::model::scenario;

namespace {

class waiting final : public waiter {
 public:
  [[nodiscard]] ready_item* completed() noexcept override {
    ++told;
    return nullptr;
  }
  int told = 0;
};

// A result and those who wait for it.
struct completion {
  explicit completion(scenario& of) : run(of) {}

  void complete() {
    result = 7;
    ready_item* item = nullptr;
    for (bool told = list.close(item); told; told = list.take(item)) {
    }
  }
  /// True: it waits, and will be told.
  bool wait(waiting& node) {
    if (list.add(node)) return true;
    run.check(list.is_closed(), "a waiter is refused only after the completion");
    run.check(result == 7, "and then the result is there");
    return false;
  }
  void look() {
    if (list.is_closed()) run.check(result == 7, "whoever sees the completion sees the result");
  }

  scenario& run;
  int result = 0;
  charkha::detail::basic_waiter_list<charkha::model::atomics> list;
};

}  // namespace

TEST_CASE("add against close: the waiter is told, or learns that it is complete") {
  const auto found = explore({.name = "waiters: add against close"}, [](scenario& run) {
    auto& c = run.make<completion>(run);
    auto& a = run.make<waiting>();
    bool waits = false;
    run.thread("waiter", [&] { waits = c.wait(a); });
    run.thread("looks", [&] { c.look(); });
    c.complete();
    run.join();
    run.check(a.told == (waits ? 1 : 0), "told once, if it waits");
    run.check(!a.linked(), "and out of the list");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("two waiters and the completer") {
  const auto found = explore({.name = "waiters: two add, one closes"}, [](scenario& run) {
    auto& c = run.make<completion>(run);
    auto& a = run.make<waiting>();
    auto& b = run.make<waiting>();
    bool a_waits = false, b_waits = false;
    run.thread("a", [&] { a_waits = c.wait(a); });
    run.thread("b", [&] { b_waits = c.wait(b); });
    c.complete();
    run.join();
    run.check(a.told == (a_waits ? 1 : 0) && b.told == (b_waits ? 1 : 0), "each is told once, if it waits");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("remove against close: the waiter is told, or takes itself out and may go away") {
  const auto search = [](options how, bool with_another) {
    return explore(how, [=](scenario& run) {
      auto& c = run.make<completion>(run);
      auto* a = new waiting;
      auto& b = run.make<waiting>();
      run.thread("leaves", [&] {
        if (!c.wait(*a)) return;
        const bool removed = c.list.remove(*a);
        run.check(a->told == (removed ? 0 : 1), "told, or taken out");
        delete a;  // the completer holds no pointer to it any more
        a = nullptr;
      });
      bool b_waits = false;
      if (with_another) run.thread("stays", [&] { b_waits = c.wait(b); });
      c.complete();
      run.join();
      run.check(b.told == (b_waits ? 1 : 0), "the other one is told");
      delete a;
    });
  };
  const auto alone = search({.name = "waiters: add, remove against close"}, false);
  CHECK_MESSAGE(alone.holds(), alone.failure);
  const auto found = search({.name = "waiters: add, remove, another, against close", .preemptions = 3}, true);
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("both leave a list of three while it is closed: the one between is told") {
  const auto found = explore({.name = "waiters: first and last leave", .preemptions = 3}, [](scenario& run) {
    auto& c = run.make<completion>(run);
    auto& a = run.make<waiting>();
    auto& b = run.make<waiting>();
    auto& d = run.make<waiting>();
    run.check(c.wait(a) && c.wait(b) && c.wait(d), "open");
    bool a_out = false, d_out = false;
    run.thread("first leaves", [&] { a_out = c.list.remove(a); });
    run.thread("last leaves", [&] { d_out = c.list.remove(d); });
    c.complete();
    run.join();
    run.check(b.told == 1, "who stays is told");
    run.check(a.told == (a_out ? 0 : 1) && d.told == (d_out ? 0 : 1), "who left is not");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("a list that goes away lets all go, told or not") {
  const auto found = explore({.name = "waiters: taken out untold"}, [](scenario& run) {
    auto& c = run.make<completion>(run);
    auto& a = run.make<waiting>();
    auto& b = run.make<waiting>();
    run.check(c.wait(a) && c.wait(b), "open");
    bool a_out = false;
    int dropped = 0;
    run.thread("leaves", [&] { a_out = c.list.remove(a); });
    while (c.list.take_unfinished() != nullptr) ++dropped;
    run.join();
    run.check(dropped == (a_out ? 1 : 2), "each is let go once");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
