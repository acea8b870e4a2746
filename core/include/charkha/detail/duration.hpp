// SPDX-License-Identifier: Apache-2.0
// Durations of any kind to nanoseconds: saturating, rounded up, and refusing what is not a number.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace charkha::detail {

template <class Rep, class Period>
[[nodiscard]] std::chrono::nanoseconds to_nanoseconds(std::chrono::duration<Rep, Period> duration) {
  using std::chrono::nanoseconds;
  if constexpr (std::is_floating_point_v<Rep>) {
    if (std::isnan(duration.count())) throw std::invalid_argument("charkha: a duration that is not a number");
  }
  using wide = std::chrono::duration<long double, std::nano>;
  const long double count = wide(duration).count();
  if (count >= static_cast<long double>(nanoseconds::max().count())) return nanoseconds::max();
  if (count <= static_cast<long double>(nanoseconds::min().count())) return nanoseconds::min();
  if constexpr (std::is_floating_point_v<Rep>) {
    return nanoseconds(static_cast<std::int64_t>(std::ceil(count)));
  } else {
    return std::chrono::ceil<nanoseconds>(duration);
  }
}
[[nodiscard]] constexpr std::chrono::nanoseconds to_nanoseconds(std::chrono::nanoseconds duration) noexcept {
  return duration;
}

/// `now` and `after` together, saturating.
[[nodiscard]] constexpr std::int64_t later(std::int64_t now, std::int64_t after) noexcept {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return after > most - now ? most : now + after;
}

}  // namespace charkha::detail
