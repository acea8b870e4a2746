// SPDX-License-Identifier: Apache-2.0
// A list of things that have `next` and `previous`. The newest one comes first; each can leave.
#pragma once

namespace charkha::detail {

template <class T>
struct row {
  T* first = nullptr;

  void push(T& item) noexcept {
    item.previous = nullptr;
    item.next = first;
    if (first != nullptr) first->previous = &item;
    first = &item;
  }

  void erase(T& item) noexcept {
    (item.previous != nullptr ? item.previous->next : first) = item.next;
    if (item.next != nullptr) item.next->previous = item.previous;
  }
};

}  // namespace charkha::detail
