// SPDX-License-Identifier: Apache-2.0
// Several futures and the one moment when enough of them are complete: settled once, by the right child, and freed by
// whoever is last, while another child is still on its way through.
#include "charkha/detail/completion_set.hpp"

#include <doctest/doctest.h>

#include "checker/scenario.hpp"
#include "counted_future.hpp"
#include "support/inert_executor.hpp"

using charkha::detail::completion_set;
using charkha::detail::future_core;
using charkha::detail::intrusive_ptr;
using charkha::detail::ready_item;
using charkha::detail::ready_kind;
using charkha::detail::settle_when;
using charkha::detail::waiter;
using charkha::model::counted_future;
using charkha::model::explore;
using charkha::model::scenario;

namespace {

// Runs at once what is made ready: as early as it can ever be.
class executor final : public charkha::test::inert_executor {
 public:
  void make_ready(ready_item& item, ready_kind /*kind*/) noexcept override { item.run(worker_); }

 private:
  struct context final : charkha::detail::worker_context {
    explicit context(executor& runtime) : worker_context(runtime, false) {}
    void enqueue(ready_item& item, ready_kind kind) noexcept override { owner.make_ready(item, kind); }
    void wake_thieves() noexcept override {}
  };
  context worker_{*this};
};

class waiting final : public waiter {
 public:
  [[nodiscard]] ready_item* completed() noexcept override {
    ++told;
    return nullptr;
  }
  int told = 0;
};

// A set with one user, of two children, of each of which somebody has a reference. They free themselves.
struct family {
  family(scenario& run, settle_when rule)
      : runtime(run.make<executor>()),
        a(new counted_future(runtime, a_freed, 1)),
        b(new counted_future(runtime, b_freed, 1)),
        set(completion_set::make(runtime, 2, rule, false).release()) {
    set->set_child(0, intrusive_ptr<future_core>(*a));
    set->set_child(1, intrusive_ptr<future_core>(*b));
  }

  executor& runtime;
  int a_freed = 0, b_freed = 0;
  counted_future* a;
  counted_future* b;
  completion_set* set;
};

// Two children, each completed by a thread of its own, and the set's user.
void complete_both(scenario& run, settle_when rule, bool user_stays) {
  auto& of = run.make<family>(run, rule);
  auto& told = run.make<waiting>();
  run.check(of.set->waiters.add(told), "not settled yet");
  of.set->start(false, "test");
  const auto complete = [](counted_future& each) {
    each.complete();
    each.drop_reference();
  };
  run.thread("a", [&] { complete(*of.a); });
  run.thread("b", [&] { complete(*of.b); });
  if (user_stays) {
    if (of.set->is_settled() && rule == settle_when::all_completed) {
      run.check(of.a->result() == 7 && of.b->result() == 7, "settled: both results are there");
    }
    run.join();
    run.check(told.told == 1, "settled once");
    of.set->drop_reference();
  } else {
    const bool in = of.set->waiters.remove(told);
    of.set->drop_reference();
    run.join();
    run.check(told.told == (in ? 0 : 1), "told, or taken out");
  }
  run.check(of.a_freed == 1 && of.b_freed == 1, "the set is gone, and its children with it");
}

}  // namespace

TEST_CASE("two children complete at once: settled once, by the first or by both") {
  for (const auto rule : {settle_when::all_completed, settle_when::first_completed}) {
    const auto found =
        explore({.name = "completion set: two children"}, [rule](scenario& run) { complete_both(run, rule, true); });
    CHECK_MESSAGE(found.holds(), found.failure);
  }
}

TEST_CASE("its user is gone: the last child frees the set, and the other one does not touch it any more") {
  for (const auto rule : {settle_when::all_completed, settle_when::first_completed}) {
    const auto found = explore({.name = "completion set: nobody but its children"},
                               [rule](scenario& run) { complete_both(run, rule, false); });
    CHECK_MESSAGE(found.holds(), found.failure);
  }
}

TEST_CASE("its user stops waiting while a child completes: freed once") {
  for (const auto rule : {settle_when::all_completed, settle_when::first_completed}) {
    const auto found = explore({.name = "completion set: stopped"}, [rule](scenario& run) {
      auto& of = run.make<family>(run, rule);
      of.set->start(false, "test");
      run.thread("a", [&] {
        of.a->complete();
        of.a->drop_reference();
      });
      of.set->stop();
      of.set->drop_reference();
      run.join();
      of.b->complete();
      of.b->drop_reference();
      run.check(of.a_freed == 1 && of.b_freed == 1, "the set is gone, and its children with it");
    });
    CHECK_MESSAGE(found.holds(), found.failure);
  }
}

TEST_CASE("nobody will complete a child any more while the set's user leaves: all of it is freed, once") {
  for (const bool other_completes : {true, false}) {
    const auto found = explore({.name = "completion set: a child is dropped"}, [other_completes](scenario& run) {
      auto& of = run.make<family>(run, settle_when::first_completed);
      of.set->start(false, "test");
      run.thread("drops a", [&] { of.a->drop_reference(); });
      run.thread("has b", [&] {
        if (other_completes) of.b->complete();
        of.b->drop_reference();
      });
      of.set->drop_reference();
      run.join();
      run.check(of.a_freed == 1 && of.b_freed == 1, "nothing is kept by the set");
    });
    CHECK_MESSAGE(found.holds(), found.failure);
  }
}

TEST_CASE("two users look at the children and leave: the last one lets them go, after what the other did") {
  const auto found = explore({.name = "completion set: two users"}, [](scenario& run) {
    auto& of = run.make<family>(run, settle_when::all_completed);
    of.set->start(false, "test");
    for (auto* each : {of.a, of.b}) {
      each->complete();
      each->drop_reference();
    }
    of.set->add_reference();
    const auto use = [&] {
      run.check(static_cast<const counted_future&>(of.set->child(0)).result() == 7, "there as long as it has a user");
      of.set->drop_reference();
    };
    run.thread("user", use);
    use();
    run.join();
    run.check(of.a_freed == 1 && of.b_freed == 1, "the set is gone, and its children with it");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
