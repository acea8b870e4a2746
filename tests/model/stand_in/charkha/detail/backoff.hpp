// SPDX-License-Identifier: Apache-2.0
// Found before core's header of the same name when code is compiled to be checked: each look in vain gives way to the
// model's other threads.
#pragma once

#include "charkha/detail/atomics.hpp"

namespace charkha::detail {

class backoff {
 public:
  void operator()() const noexcept { spin_pause(); }
};

}  // namespace charkha::detail
