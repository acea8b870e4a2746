// SPDX-License-Identifier: Apache-2.0
// The reference count of tasks and futures: the last handle against the completion, and against those who find the
// object in a list that holds no reference. Whoever touches it after it was freed, or without what its last user did, is
// found.
#include <doctest/doctest.h>

#include <array>

#include "charkha/detail/spin_lock.hpp"
#include "checker/scenario.hpp"
#include "counted_future.hpp"
#include "support/inert_executor.hpp"

using charkha::model::counted_future;
using charkha::model::explore;
using charkha::model::scenario;

namespace {

class executor final : public charkha::test::inert_executor {};

}  // namespace

TEST_CASE("the last of three holders frees it, after what the others did with it") {
  const auto found = explore({.name = "last reference: three holders"}, [](scenario& run) {
    auto& runtime = run.make<executor>();
    auto& freed = run.make<int>(0);
    auto* const object = new counted_future(runtime, freed, 3);
    auto& cells = run.make<std::array<int, 3>>();
    const auto use = [&](std::size_t index) {
      cells[index] = object->result();
      object->drop_reference();
    };
    run.thread("a", [&] { use(0); });
    run.thread("b", [&] { use(1); });
    use(2);
    run.join();
    run.check(freed == 1, "freed once");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("the last handle goes while it completes; whoever sees the completion sees the result") {
  const auto found = explore({.name = "last reference: handle against completion"}, [](scenario& run) {
    auto& runtime = run.make<executor>();
    auto& freed = run.make<int>(0);
    auto* const object = new counted_future(runtime, freed, 2);
    run.thread("runtime", [&] {
      object->complete();
      object->drop_reference();
    });
    if (object->is_complete()) run.check(object->result() == 7, "the result is there");
    object->add_reference();
    object->drop_reference();
    object->drop_reference();
    run.join();
    run.check(freed == 1, "freed once");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("found in a list that holds no reference: it is taken alive, or not at all") {
  const auto found = explore({.name = "last reference: found in a list"}, [](scenario& run) {
    auto& runtime = run.make<executor>();
    auto& freed = run.make<int>(0);
    struct list {
      charkha::detail::spin_lock lock;
      counted_future* first = nullptr;
    };
    auto& known = run.make<list>();
    known.first = new counted_future(runtime, freed, 1);
    auto* const object = known.first;
    run.thread("finds it", [&] {
      counted_future* taken = nullptr;
      {
        const charkha::detail::spin_guard guard(known.lock);
        if (known.first != nullptr && known.first->try_add_reference()) taken = known.first;
      }
      if (taken == nullptr) return;
      run.check(freed == 0, "it is there");
      taken->drop_reference();
    });
    run.thread("other handle", [&] {
      counted_future* taken = nullptr;
      {
        const charkha::detail::spin_guard guard(known.lock);
        if (known.first != nullptr && known.first->try_add_reference()) taken = known.first;
      }
      if (taken == nullptr) return;
      // As the block's end does: out of the list before it is freed.
      taken->drop_reference();
    });
    {
      const charkha::detail::spin_guard guard(known.lock);
      known.first = nullptr;
    }
    object->drop_reference();
    run.join();
    run.check(freed == 1, "freed once");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("whoever holds the only reference has it to himself") {
  const auto found = explore({.name = "last reference: the sole one"}, [](scenario& run) {
    auto& runtime = run.make<executor>();
    auto& freed = run.make<int>(0);
    auto* const object = new counted_future(runtime, freed, 2);
    run.thread("other", [&] {
      object->used = 1;
      object->drop_reference();
    });
    if (object->is_sole_reference()) ++object->used;
    object->drop_reference();
    run.join();
    run.check(freed == 1, "freed once");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
