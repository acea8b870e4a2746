// SPDX-License-Identifier: Apache-2.0
// task_group and with_task_group: tasks that end together.
#pragma once

#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/create_task_forms.hpp"
#include "charkha/detail/result.hpp"
#include "charkha/detail/scope_body.hpp"
#include "charkha/detail/task_group_scope.hpp"
#include "charkha/task.hpp"
#include "charkha/task_options.hpp"

namespace charkha {

class task_group;

namespace detail {
template <class Make, class Body>
coro<scope_value_t<Body, task_group>> run_in_group(Make make, Body body);
}  // namespace detail

/// Tasks that all end before their scope does. As `asyncio.TaskGroup`.
///
/// The group lives in the task that runs it, its owner. The first child that fails makes the group stop: the other
/// children and the owner's body are cancelled, no more children are taken. When all have ended, the errors, children's
/// in the order of their end and then the body's own, come out of run() as one exception_group. A child that was
/// cancelled is no error. A cancel request of the owner stops the group in the same way, and is thrown again, with its
/// message, when all have ended; if there are errors as well they come first, and the request at the owner's next
/// suspension. Groups nest, and so do their exception_groups.
///
/// create_task() and cancel() may be called from any thread that keeps the group alive; children may do so while they
/// run.
class task_group final : public detail::create_task_forms<task_group> {
 public:
  task_group() noexcept = default;

  /// Runs `body` in the awaiting task, waits for all children, also for those that children create, and gives the body's
  /// value. `body` is a callable that gives a coro, called with this group if it takes one, or a coro; it is kept in a
  /// frame until it has ended: captures cannot dangle. Once only: entering a group again, nested or after its end,
  /// throws usage_error, as does entering outside a task. Resumes on the worker that the last child ended on. Throws
  /// exception_group, cancelled_error. The group must outlive it.
  template <class Body>
    requires detail::scope_body<Body, task_group>
  [[nodiscard]] auto run(Body&& body) {
    return detail::run_in_group([this]() noexcept -> task_group& { return *this; }, std::forward<Body>(body));
  }

  /// Makes `body` a child of the group, as charkha::create_task does, but from any thread. Throws usage_error, and
  /// destroys the body without having run it, before the group is entered, after it has ended, and once it stops.
  /// Awaiting the task is not necessary; its error is the group's and counts as seen.
  template <class T>
  task<T> create_task(coro<T> body, const task_options& options = {},
                      const std::source_location& site = std::source_location::current()) {
    detail::group_place place(scope_);
    auto child = detail::start_task(place.runtime(), std::move(body), options, site);
    place.take(detail::task_access::block(child));
    return child;
  }
  /// The forms with a function and its arguments.
  using detail::create_task_forms<task_group>::create_task;

  /// Stops the group without an error: children and body are cancelled, and when all have ended run() returns normally,
  /// unless there were errors. A body that owes a value and could not give it makes run() throw cancelled_error. Before
  /// the group is entered: it stops at once when it is. Again, or after the end: no effect.
  void cancel() noexcept { scope_.cancel(); }

 private:
  template <class Make, class Body>
  friend coro<detail::scope_value_t<Body, task_group>> detail::run_in_group(Make make, Body body);

  detail::task_group_scope scope_;
};

namespace detail {

/// `make` gives the group: a new one, or a reference to one that somebody holds.
template <class Make, class Body>
coro<scope_value_t<Body, task_group>> run_in_group(Make make, Body body) {
  using value_type = scope_value_t<Body, task_group>;
  decltype(auto) group = make();
  task_group_scope& scope = group.scope_;
  const group_entry entered(scope);
  result<value_type> value;
  std::exception_ptr error;
  try {
    auto work = start_body<Body, task_group>(body, group);
    if constexpr (std::is_void_v<value_type>) {
      co_await std::move(work);
      value.set_void();
    } else {
      value_type given = co_await std::move(work);
      value.set_value(std::forward<value_type>(given));
    }
  } catch (...) {
    error = std::current_exception();
  }
  scope.close(std::move(error));
  while (!scope.try_finish()) co_await task_group_wait(scope);
  scope.finish();
  if (!std::is_void_v<value_type> && value.kind() != outcome::value) throw_no_group_value();
  co_return value.take();
}

}  // namespace detail

/// Runs `body` with a new task_group and gives its value:
///
///     co_await with_task_group([&](task_group& group) -> coro<> {
///       auto a = group.create_task(f());
///       ...
///     });  // here all tasks of the group have ended
///
/// As `async with asyncio.TaskGroup() as group`. See task_group for what it throws and what cancellation does.
template <class Body>
  requires detail::scope_body<Body, task_group>
[[nodiscard]] auto with_task_group(Body&& body) {
  return detail::run_in_group([]() noexcept { return task_group(); }, std::forward<Body>(body));
}

}  // namespace charkha
