// SPDX-License-Identifier: Apache-2.0
// exception_group: several errors that happened side by side, as one; and handlers that take their part of it.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace charkha {

struct exception_group_split;
class unhandled_errors;

/// The errors of the children of one scope, in the order in which they came. Never empty. As Python's `ExceptionGroup`.
///
/// Groups nest: an error may itself be a group, that of an inner scope. The errors that are no groups are the leaves of
/// that tree. What Python writes with `except*` is a chain of handlers, each of which takes the leaves of its type,
/// however deep they are, and leaves the rest to the next one:
///
///     try {
///       co_await when_all(fetch(a), fetch(b), fetch(c));
///     } catch (const exception_group& errors) {
///       errors.handle<timeout_error>([&](const timeout_error&) { ++late; })
///           .handle<std::system_error>([&](const std::system_error& error) { log(error.what()); })
///           .rethrow();  // what nobody took, if there is any
///     }
///
/// An error type is anything that can be thrown, with or without std::exception as its base, and matches as in a catch
/// clause. Groups themselves are never asked: std::runtime_error, say, means leaves of that type, not the inner groups.
/// Copies share the exceptions. Immutable: any thread may read a group.
class exception_group : public std::runtime_error {
 public:
  /// what() tells how many errors there are and what each says of itself: "2 errors: first; second".
  /// Throws std::invalid_argument if there is none, or a null pointer among them.
  explicit exception_group(std::vector<std::exception_ptr> errors);
  /// what() begins with the message: "loading failed: 2 errors: first; second". Otherwise as above.
  exception_group(std::string message, std::vector<std::exception_ptr> errors);

  /// Leaves and groups, one level deep.
  [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }
  /// As given, empty if there was none.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  /// Divides the leaves into those for which `matches`, called with each as a const std::exception_ptr&, is true, and
  /// the rest. Both keep the nesting, the messages and the order; a group without leaves vanishes.
  /// Throws what `matches` throws. `ExceptionGroup.split`.
  template <std::predicate<const std::exception_ptr&> Matches>
  [[nodiscard]] exception_group_split split(Matches&& matches) const;
  /// The same by type: those that a catch clause for one of these would catch, and the rest.
  template <class Error, class... Errors>
  [[nodiscard]] exception_group_split split() const;

  /// The matching part of split(). `ExceptionGroup.subgroup`.
  template <std::predicate<const std::exception_ptr&> Matches>
  [[nodiscard]] std::optional<exception_group> subgroup(Matches&& matches) const;
  template <class Error, class... Errors>
  [[nodiscard]] std::optional<exception_group> subgroup() const;

  /// Calls `visit` with each leaf, a const std::exception_ptr&, in order. Throws what `visit` throws.
  template <std::invocable<const std::exception_ptr&> Visit>
  void for_each(Visit&& visit) const;
  /// Calls `visit` with each leaf of this type, as a const Error&, in order. How many there were.
  template <class Error, std::invocable<const Error&> Visit>
  std::size_t for_each(Visit&& visit) const;

  /// Calls `handler` with each leaf of this type, in order, and gives what is left, for the next handler. What
  /// `handler` throws passes; the errors that nobody took are lost then. `except* Error`.
  template <class Error, std::invocable<const Error&> Handler>
  [[nodiscard]] unhandled_errors handle(Handler&& handler) const;

 private:
  /// A callable, by address: calls do not outlive it.
  class leaf_function {
   public:
    template <class Function>
      requires(!std::same_as<Function, leaf_function>)
    explicit leaf_function(Function& fn) noexcept
        : function_(std::addressof(fn)),
          call_([](void* target, const std::exception_ptr& leaf) { return (*static_cast<Function*>(target))(leaf); }) {}
    bool operator()(const std::exception_ptr& leaf) const { return call_(function_, leaf); }

   private:
    void* function_;
    bool (*call_)(void*, const std::exception_ptr&);
  };

  [[nodiscard]] exception_group_split divide(leaf_function matches) const;
  void visit_leaves(leaf_function visit) const;

  std::string message_;
  std::vector<std::exception_ptr> errors_;
};

/// A group in two parts.
struct exception_group_split {
  std::optional<exception_group> matching;
  std::optional<exception_group> rest;
};

/// What the handlers of a chain have left over. See exception_group.
class [[nodiscard("errors that no handler took are lost: end the chain with rethrow()")]] unhandled_errors {
 public:
  explicit unhandled_errors(std::optional<exception_group> rest) noexcept : rest_(std::move(rest)) {}

  /// As exception_group::handle, with what is left.
  template <class Error, std::invocable<const Error&> Handler>
  [[nodiscard]] unhandled_errors handle(Handler&& handler) && {
    return rest_ ? rest_->handle<Error>(std::forward<Handler>(handler)) : std::move(*this);
  }
  /// Throws what is left as an exception_group, if anything is.
  void rethrow() const {
    if (rest_) throw exception_group(*rest_);
  }
  /// The same, to look at.
  [[nodiscard]] const std::optional<exception_group>& rest() const noexcept { return rest_; }

 private:
  std::optional<exception_group> rest_;
};

namespace detail {

/// Calls `fn` with the exception if a clause `catch (const Error&)` would catch it. True: it would.
template <class Error, class Function>
bool with_error(const std::exception_ptr& error, Function&& fn) {
  static_assert(!std::derived_from<Error, exception_group>, "a group is never a leaf: it is looked into instead");
  try {
    std::rethrow_exception(error);
  } catch (const Error& caught) {
    std::invoke(fn, caught);
    return true;
  } catch (...) {
    return false;
  }
}

/// Would one of the clauses catch it?
template <class... Errors>
bool is_any_of(const std::exception_ptr& error) {
  return (... || with_error<Errors>(error, [](const Errors&) {}));
}

}  // namespace detail

template <std::predicate<const std::exception_ptr&> Matches>
exception_group_split exception_group::split(Matches&& matches) const {
  auto ask = [&matches](const std::exception_ptr& leaf) -> bool { return std::invoke(matches, leaf); };
  return divide(leaf_function(ask));
}
template <class Error, class... Errors>
exception_group_split exception_group::split() const {
  return split([](const std::exception_ptr& leaf) { return detail::is_any_of<Error, Errors...>(leaf); });
}

template <std::predicate<const std::exception_ptr&> Matches>
std::optional<exception_group> exception_group::subgroup(Matches&& matches) const {
  return split(std::forward<Matches>(matches)).matching;
}
template <class Error, class... Errors>
std::optional<exception_group> exception_group::subgroup() const {
  return split<Error, Errors...>().matching;
}

template <std::invocable<const std::exception_ptr&> Visit>
void exception_group::for_each(Visit&& visit) const {
  auto each = [&visit](const std::exception_ptr& leaf) {
    std::invoke(visit, leaf);
    return true;
  };
  visit_leaves(leaf_function(each));
}
template <class Error, std::invocable<const Error&> Visit>
std::size_t exception_group::for_each(Visit&& visit) const {
  std::size_t count = 0;
  for_each([&](const std::exception_ptr& leaf) {
    if (detail::with_error<Error>(leaf, visit)) ++count;
  });
  return count;
}

template <class Error, std::invocable<const Error&> Handler>
unhandled_errors exception_group::handle(Handler&& handler) const {
  exception_group_split parts = split<Error>();
  if (parts.matching) parts.matching->for_each<Error>(handler);
  return unhandled_errors(std::move(parts.rest));
}

}  // namespace charkha
