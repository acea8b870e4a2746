// SPDX-License-Identifier: Apache-2.0
// The children of a fork scope, built where they stay: a tuple of them, or an array.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "charkha/coro.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/fork_scope.hpp"

namespace charkha::detail {

/// One child for each type.
template <class... Ts>
class forked_tuple final : public fork_scope {
 public:
  forked_tuple(fork_policy policy, executor& runtime, coro<Ts>&&... bodies) noexcept
      : fork_scope(policy), children_(origin<Ts>{*this, runtime, std::move(bodies)}...) {}

  /// Calls `fn` with the children, each as the typed_forked_task that it is.
  template <class Function>
  decltype(auto) apply(Function&& fn) {
    return std::apply([&fn](auto&... slots) -> decltype(auto) { return std::forward<Function>(fn)(slots.task...); },
                      children_);
  }

 private:
  /// Lets std::tuple build a child in place.
  template <class T>
  struct origin {
    fork_scope& scope;
    executor& runtime;
    coro<T> body;
  };
  template <class T>
  struct slot {
    slot(origin<T>&& from) noexcept  // NOLINT(google-explicit-constructor): std::tuple converts
        : task(from.scope, from.runtime, std::move(from.body)) {}
    typed_forked_task<T> task;
  };

  [[nodiscard]] std::size_t child_count() const noexcept override { return sizeof...(Ts); }
  [[nodiscard]] forked_task& child(std::size_t index) noexcept override {
    return apply([index](auto&... tasks) -> forked_task& {
      const std::array<forked_task*, sizeof...(Ts)> all{&tasks...};
      return *all[index];
    });
  }

  std::tuple<slot<Ts>...> children_;
};

/// Any number of children of one type.
template <class T>
class forked_array final : public fork_scope {
 public:
  forked_array(fork_policy policy, executor& runtime, std::vector<coro<T>> bodies)
      : fork_scope(policy), count_(bodies.size()) {
    children_ = std::allocator<child_type>().allocate(count_);
    for (std::size_t i = 0; i < count_; ++i) std::construct_at(children_ + i, *this, runtime, std::move(bodies[i]));
  }
  ~forked_array() {
    std::destroy_n(children_, count_);
    std::allocator<child_type>().deallocate(children_, count_);
  }

  forked_array(const forked_array&) = delete;
  forked_array& operator=(const forked_array&) = delete;

  using child_type = typed_forked_task<T>;
  [[nodiscard]] child_type* begin() noexcept { return children_; }
  [[nodiscard]] child_type* end() noexcept { return children_ + count_; }

  [[nodiscard]] std::size_t child_count() const noexcept override { return count_; }

 private:
  [[nodiscard]] forked_task& child(std::size_t index) noexcept override { return children_[index]; }

  std::size_t count_;
  child_type* children_ = nullptr;
};

}  // namespace charkha::detail
