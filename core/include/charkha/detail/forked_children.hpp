// SPDX-License-Identifier: Apache-2.0
// The children of a fork scope, built where they stay: one for each type, or an array.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "charkha/coro.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/fork_scope.hpp"

namespace charkha::detail {

/// One of several bases, told apart by its index.
template <std::size_t Index, class T>
struct forked_child {
  forked_child(fork_scope& scope, const task_core& parent, std::coroutine_handle<coro_promise<T>> body) noexcept
      : task(scope, parent, body) {}
  typed_forked_task<T> task;
};

template <class Indices, class... Ts>
class forked_children;

/// One child for each type.
template <std::size_t... Index, class... Ts>
class forked_children<std::index_sequence<Index...>, Ts...> final : public fork_scope,
                                                                    private forked_child<Index, Ts>... {
 public:
  /// Bare handles: nothing to move, nothing left behind.
  using bodies = std::tuple<std::coroutine_handle<coro_promise<Ts>>...>;
  [[nodiscard]] static std::size_t count(const bodies& /*all*/) noexcept { return sizeof...(Ts); }
  static void discard(const bodies& all) noexcept {
    (static_cast<void>(coro_access::adopt<Ts>(std::get<Index>(all))), ...);
  }

  forked_children(fork_policy policy, const task_core& parent, const bodies& from) noexcept
      : fork_scope(policy, sizeof...(Ts)), forked_child<Index, Ts>(*this, parent, std::get<Index>(from))... {}

  /// Suspends the parent and starts the children, at least one; what its worker resumes next. Throws std::bad_alloc, and
  /// no child was started then.
  [[nodiscard]] std::coroutine_handle<> fork(task_core& parent, std::coroutine_handle<> frame)
    requires(sizeof...(Ts) > 0)
  {
    worker_context& worker = *current_worker();
    inherit_context(parent);
    worker.forks.reserve(sizeof...(Ts) - 1);
    enter(parent, frame, worker);
    if constexpr (sizeof...(Ts) > 1) {
      const std::array<forked_task*, sizeof...(Ts)> newest_last{&get<sizeof...(Ts) - 1 - Index>()...};
      worker.fork(std::span(newest_last).first(sizeof...(Ts) - 1));
    }
    return get<0>().begin_first_turn(worker);
  }

  template <std::size_t Which>
  [[nodiscard]] auto& get() noexcept {
    return static_cast<forked_child<Which, std::tuple_element_t<Which, std::tuple<Ts...>>>&>(*this).task;
  }

 private:
  [[nodiscard]] forked_task& child(std::size_t index) noexcept override {
    const std::array<forked_task*, sizeof...(Ts)> all{&get<Index>()...};
    return *all[index];
  }
};

template <class... Ts>
using forked_tuple = forked_children<std::index_sequence_for<Ts...>, Ts...>;

/// Any number of children of one type.
template <class T>
class forked_array final : public fork_scope {
 public:
  using bodies = std::vector<coro<T>>;
  using child_type = typed_forked_task<T>;
  [[nodiscard]] static std::size_t count(const bodies& all) noexcept { return all.size(); }
  static void discard(const bodies& /*all*/) noexcept {}  // their coros do that

  forked_array(fork_policy policy, const task_core& parent, bodies&& from)
      : fork_scope(policy, from.size()), children_(from.size()) {
    for (auto& body : from) children_.add(*this, parent, body);
  }

  [[nodiscard]] child_type* begin() noexcept { return children_.first(); }
  [[nodiscard]] child_type* end() noexcept { return begin() + child_count(); }

  /// As forked_children's.
  [[nodiscard]] std::coroutine_handle<> fork(task_core& parent, std::coroutine_handle<> frame) {
    worker_context& worker = *current_worker();
    inherit_context(parent);
    worker.forks.reserve(static_cast<std::int64_t>(child_count()) - 1);
    enter(parent, frame, worker);
    std::array<forked_task*, 32> newest_last;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled as far as used
    for (std::size_t left = child_count(); left > 1;) {
      std::size_t count = 0;
      while (left > 1 && count < newest_last.size()) newest_last[count++] = begin() + --left;
      worker.fork({newest_last.data(), count});
    }
    return begin()->begin_first_turn(worker);
  }

 private:
  [[nodiscard]] forked_task& child(std::size_t index) noexcept override { return begin()[index]; }

  // Children cannot move, so they are built where they stay.
  class storage {
   public:
    explicit storage(std::size_t capacity)
        : capacity_(capacity), memory_(static_cast<child_type*>(allocate_frame(capacity * sizeof(child_type)))) {}
    ~storage() {
      std::destroy_n(memory_, built_);
      deallocate_frame(memory_, capacity_ * sizeof(child_type));
    }
    storage(const storage&) = delete;
    storage& operator=(const storage&) = delete;

    void add(fork_scope& scope, const task_core& parent, coro<T>& body) noexcept {
      std::construct_at(memory_ + built_, scope, parent, coro_access::release(body));
      ++built_;
    }
    [[nodiscard]] child_type* first() const noexcept { return memory_; }

   private:
    std::size_t capacity_;
    child_type* memory_;
    std::size_t built_ = 0;
  };

  static_assert(alignof(child_type) <= alignof(std::max_align_t),
                "values of a stricter alignment need a frame of theirs");
  storage children_;
};

/// Awaits a scope: keeps the bodies until there is a parent to make them children of.
template <class Children, fork_policy Policy>
class fork_awaiter {
 public:
  explicit fork_awaiter(typename Children::bodies&& bodies) noexcept : bodies_(std::move(bodies)) {}
  ~fork_awaiter() {
    if (holds_ == content::children) [[likely]] {
      std::destroy_at(&children_);
    } else if (holds_ == content::bodies) {
      Children::discard(bodies_);
      std::destroy_at(&bodies_);
    }
  }
  fork_awaiter(const fork_awaiter&) = delete;
  fork_awaiter& operator=(const fork_awaiter&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return Children::count(bodies_) == 0; }
  template <charkha_promise Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) {
    task_core& parent = *frame.promise().task;
    {
      auto bodies = std::move(bodies_);
      std::destroy_at(&bodies_);
      holds_ = content::nothing;
      std::construct_at(&children_, Policy, parent, std::move(bodies));
    }
    holds_ = content::children;
    if constexpr (requires { children_.fork(parent, frame); }) return children_.fork(parent, frame);
    __builtin_unreachable();  // of nothing: it was ready
  }

 protected:
  /// When all have ended: throws as fork_scope::join(). Null if there were none.
  [[nodiscard]] Children* join() {
    if (holds_ != content::children) return nullptr;
    children_.join();
    return &children_;
  }

 private:
  enum class content : std::uint8_t { bodies, nothing, children };

  content holds_ = content::bodies;
  union {
    typename Children::bodies bodies_;
    Children children_;
  };
};

}  // namespace charkha::detail
