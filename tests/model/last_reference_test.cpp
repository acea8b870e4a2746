// SPDX-License-Identifier: Apache-2.0
// The reference count of tasks and futures: the last handle against the completion, and against those who find the
// object in a list that holds no reference. Whoever touches it after it was freed, or without what its last user did, is
// found.
#include <doctest/doctest.h>

#include <array>
#include <cstdlib>

#include "charkha/detail/future_core.hpp"
#include "checker/scenario.hpp"
#include "support/inert_executor.hpp"

using charkha::detail::future_core;
using charkha::model::explore;
using charkha::model::scenario;

namespace {

class executor final : public charkha::test::inert_executor {};

// What has a result, and frees itself.
class counted final : public future_core {
 public:
  counted(executor& runtime, int& freed, std::uint32_t references) noexcept
      : future_core(references), runtime_(runtime), freed_(freed) {}

  void complete() noexcept {
    result_ = 7;
    complete_waiters();
  }
  [[nodiscard]] int result() const noexcept { return result_; }
  int used = 0;  // by holders, each in turn

  [[nodiscard]] std::exception_ptr error() const noexcept override { return nullptr; }
  [[nodiscard]] charkha::detail::executor& home() const noexcept override { return runtime_; }
  bool cancel(std::string_view /*message*/) noexcept override { return false; }
  [[nodiscard]] charkha::detail::cancel_answer ask(std::string_view /*message*/) noexcept override { return {}; }
  [[nodiscard]] std::string describe() const override { return "counted"; }
  [[nodiscard]] charkha::detail::serial_queue& callbacks() override { std::abort(); }

 private:
  [[nodiscard]] charkha::detail::outcome result_kind() const noexcept override {
    return charkha::detail::outcome::value;
  }
  void last_reference_gone() noexcept override {
    ++freed_;
    delete this;
  }

  executor& runtime_;
  int& freed_;
  int result_ = 0;
};

}  // namespace

TEST_CASE("the last of three holders frees it, after what the others did with it") {
  const auto found = explore({.name = "last reference: three holders"}, [](scenario& run) {
    auto& runtime = run.make<executor>();
    auto& freed = run.make<int>(0);
    auto* const object = new counted(runtime, freed, 3);
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
    auto* const object = new counted(runtime, freed, 2);
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
      counted* first = nullptr;
    };
    auto& known = run.make<list>();
    known.first = new counted(runtime, freed, 1);
    auto* const object = known.first;
    run.thread("finds it", [&] {
      counted* taken = nullptr;
      {
        const charkha::detail::spin_guard guard(known.lock);
        if (known.first != nullptr && known.first->try_add_reference()) taken = known.first;
      }
      if (taken == nullptr) return;
      run.check(freed == 0, "it is there");
      taken->drop_reference();
    });
    run.thread("other handle", [&] {
      counted* taken = nullptr;
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
    auto* const object = new counted(runtime, freed, 2);
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
