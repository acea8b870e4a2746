// SPDX-License-Identifier: Apache-2.0
// A shared pointer to something that counts its own references.
#pragma once

#include <type_traits>
#include <utility>

#include "charkha/detail/trivial_abi.hpp"

namespace charkha::detail {

template <class T>
class CHARKHA_TRIVIAL_ABI intrusive_ptr {
 public:
  intrusive_ptr() noexcept = default;
  explicit intrusive_ptr(T& object) noexcept : object_(&object) { object.add_reference(); }
  /// Takes over a reference that is already counted.
  static intrusive_ptr adopt(T& object) noexcept {
    intrusive_ptr pointer;
    pointer.object_ = &object;
    return pointer;
  }

  intrusive_ptr(const intrusive_ptr& other) noexcept : object_(other.object_) {
    if (object_ != nullptr) object_->add_reference();
  }
  intrusive_ptr(intrusive_ptr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  intrusive_ptr(intrusive_ptr<U>&& other) noexcept  // NOLINT(google-explicit-constructor): as for plain pointers
      : object_(other.release()) {}
  intrusive_ptr& operator=(intrusive_ptr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~intrusive_ptr() {
    if (object_ != nullptr) object_->drop_reference();
  }

  /// Gives the counted reference away.
  [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }

  [[nodiscard]] T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  friend bool operator==(const intrusive_ptr&, const intrusive_ptr&) noexcept = default;

 private:
  T* object_ = nullptr;
};

}  // namespace charkha::detail
