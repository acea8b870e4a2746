// SPDX-License-Identifier: Apache-2.0
// How a coroutine ended: a value, an error, or not yet. Written once, by the coroutine's promise.
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace charkha::detail {

enum class outcome : std::uint8_t { none, value, error };

/// References are kept as pointers, void as nothing.
template <class T>
class result {
  static constexpr bool is_reference = std::is_reference_v<T>;
  static constexpr bool is_void = std::is_void_v<T>;
  struct nothing {};
  using stored = std::conditional_t<is_void, nothing,
                                    std::conditional_t<is_reference, std::remove_reference_t<T>*, std::remove_cv_t<T>>>;
  using stored_type = typename std::conditional_t<is_reference, std::add_pointer<T>, std::type_identity<stored>>::type;

 public:
  result() noexcept {}  // NOLINT(modernize-use-equals-default): the union has no default
  ~result() { destroy(); }
  result(const result&) = delete;
  result& operator=(const result&) = delete;

  template <class U = stored_type>
  void set_value(U&& value) {
    if constexpr (is_reference) {
      ::new (static_cast<void*>(&value_)) stored_type(std::addressof(value));
    } else {
      // The body's type need not be ours: co_return 0 gives a coro<std::uint64_t> its value without a warning in here.
      ::new (static_cast<void*>(&value_)) stored_type(static_cast<stored_type>(std::forward<U>(value)));
    }
    outcome_ = outcome::value;
  }
  void set_void() noexcept { outcome_ = outcome::value; }

  void set_error(std::exception_ptr error) noexcept {
    reset();
    ::new (static_cast<void*>(&error_)) std::exception_ptr(std::move(error));
    outcome_ = outcome::error;
  }

  [[nodiscard]] outcome kind() const noexcept { return outcome_; }
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

  /// The value moved out, or the error thrown.
  T take() {
    rethrow_error();
    return take_value();
  }

  /// take() for where there is a value for sure.
  T take_value() {
    if constexpr (is_reference) {
      return static_cast<T>(*value_);
    } else if constexpr (!is_void) {
      return std::move(value_);
    }
  }

  /// The value as it stands, or the error thrown.
  std::add_lvalue_reference_t<const T> peek() const {
    rethrow_error();
    if constexpr (is_reference) {
      return *value_;
    } else if constexpr (!is_void) {
      return value_;
    }
  }

 private:
  void rethrow_error() const {
    if (outcome_ == outcome::error) std::rethrow_exception(error_);
  }

  void reset() noexcept {
    destroy();
    outcome_ = outcome::none;
  }

  void destroy() noexcept {
    if (outcome_ == outcome::error) {
      std::destroy_at(&error_);
    } else if (outcome_ == outcome::value) {
      std::destroy_at(&value_);
    }
  }

  union {
    stored_type value_;
    std::exception_ptr error_;
  };
  outcome outcome_ = outcome::none;
};

}  // namespace charkha::detail
