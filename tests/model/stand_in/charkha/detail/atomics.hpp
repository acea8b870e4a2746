// SPDX-License-Identifier: Apache-2.0
// Found before core's header of the same name when code is compiled to be checked: the atomics are the library's, but a
// spin loop gives way to the model's other threads.
#pragma once

#include <atomic>

namespace charkha::model {
void pause();
}

namespace charkha::detail {

struct std_atomics {
  template <class T>
  using atomic = std::atomic<T>;
};

inline void spin_pause() noexcept { model::pause(); }

}  // namespace charkha::detail
