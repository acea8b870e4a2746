// SPDX-License-Identifier: Apache-2.0
// The forms of create_task that take a function and its arguments, for whoever has one that takes a coro.
#pragma once

#include <source_location>
#include <type_traits>
#include <utility>

#include "charkha/create_task.hpp"
#include "charkha/task_options.hpp"

namespace charkha::detail {

/// `Creator` derives from this and has create_task(coro, options, site). What was said of charkha::create_task holds.
template <class Creator>
class create_task_forms {
 public:
  template <class F>
    requires coroutine_function<F>
  auto create_task(F&& function, const task_options& options = {},
                   const std::source_location& site = std::source_location::current()) {
    return create(options, site, std::forward<F>(function));
  }
  template <class F, class A>
    requires coroutine_function<F, A>
  auto create_task(F&& function, A&& a, const task_options& options = {},
                   const std::source_location& site = std::source_location::current()) {
    return create(options, site, std::forward<F>(function), std::forward<A>(a));
  }
  template <class F, class A, class B>
    requires coroutine_function<F, A, B>
  auto create_task(F&& function, A&& a, B&& b, const task_options& options = {},
                   const std::source_location& site = std::source_location::current()) {
    return create(options, site, std::forward<F>(function), std::forward<A>(a), std::forward<B>(b));
  }
  template <class F, class A, class B, class C>
    requires coroutine_function<F, A, B, C>
  auto create_task(F&& function, A&& a, B&& b, C&& c, const task_options& options = {},
                   const std::source_location& site = std::source_location::current()) {
    return create(options, site, std::forward<F>(function), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
  }
  template <class F, class A, class B, class C, class D>
    requires coroutine_function<F, A, B, C, D>
  auto create_task(F&& function, A&& a, B&& b, C&& c, D&& d, const task_options& options = {},
                   const std::source_location& site = std::source_location::current()) {
    return create(options, site, std::forward<F>(function), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c),
                  std::forward<D>(d));
  }

 private:
  friend Creator;
  create_task_forms() noexcept = default;
  ~create_task_forms() = default;

  template <class... Given>
  auto create(const task_options& options, const std::source_location& site, Given&&... given) {
    return static_cast<Creator&>(*this).create_task(
        call_in_frame<std::decay_t<Given>...>(std::forward<Given>(given)...), options, site);
  }
};

}  // namespace charkha::detail
