// SPDX-License-Identifier: Apache-2.0
// The types that combinators give: void has no value to put into a tuple, so std::monostate stands in for it.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace charkha::detail {

template <class T>
using value_of = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Calls `take`, which gives a T, and returns it as value_of<T>.
template <class T, class Take>
value_of<T> value_from(Take&& take) {
  if constexpr (std::is_void_v<T>) {
    std::forward<Take>(take)();
    return {};
  } else {
    return std::forward<Take>(take)();
  }
}

}  // namespace charkha::detail
