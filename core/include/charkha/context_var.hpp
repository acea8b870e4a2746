// SPDX-License-Identifier: Apache-2.0
// context_var<T>: a variable with a value for each task.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "charkha/detail/context_state.hpp"

namespace charkha {

namespace detail {
[[nodiscard]] std::uint64_t next_context_variable() noexcept;
[[noreturn]] void throw_no_value(const std::string& variable);
}  // namespace detail

/// A variable that each task has its own value of: a request's id, a trace, who is logged in. As
/// `contextvars.ContextVar`.
///
/// A new task begins with the values of its creator at that moment; what it sets stays its own. Callbacks and to_thread
/// carry them too. Usually a global object. get() and set() may be called from anywhere; they act on the task, callback
/// or thread that calls them. T must be copyable; reading copies it, so let a large one be a std::shared_ptr.
template <class T>
class context_var {
 public:
  /// What a variable was before set(); gives it back with reset().
  class token {
   public:
    /// The value before, if there was one.
    [[nodiscard]] std::optional<T> old_value() const {
      return before_ == nullptr ? std::nullopt : std::optional<T>(*static_cast<const T*>(before_.get()));
    }

   private:
    friend class context_var;
    explicit token(std::shared_ptr<const void> before) noexcept : before_(std::move(before)) {}
    std::shared_ptr<const void> before_;
  };

  /// `name` is used in messages. Without a default, get() throws where nothing was set.
  explicit context_var(std::string_view name) : name_(name) {}
  context_var(std::string_view name, T default_value) : name_(name), default_(std::move(default_value)) {}
  context_var(const context_var&) = delete;
  context_var& operator=(const context_var&) = delete;

  /// The caller's value, or the default. Throws usage_error if there is neither.
  [[nodiscard]] T get() const {
    if (const auto value = find()) return *static_cast<const T*>(value.get());
    if (!default_) detail::throw_no_value(name_);
    return *default_;
  }
  /// The caller's value, or `otherwise`.
  [[nodiscard]] T get_or(T otherwise) const {
    const auto value = find();
    return value == nullptr ? std::move(otherwise) : *static_cast<const T*>(value.get());
  }

  /// Sets the caller's value. Throws std::bad_alloc and what T's constructor throws; then nothing has changed.
  token set(T value) const {
    return token(detail::current_context().demand().set(key_, std::make_shared<const T>(std::move(value))));
  }
  /// Makes the caller's value what it was before that set().
  void reset(const token& old) const { detail::current_context().demand().set(key_, old.before_); }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  [[nodiscard]] std::shared_ptr<const void> find() const {
    const auto* here = detail::current_context().get();
    return here == nullptr ? nullptr : here->find(key_);
  }

  const std::uint64_t key_ = detail::next_context_variable();
  const std::string name_;
  const std::optional<T> default_;
};

}  // namespace charkha
