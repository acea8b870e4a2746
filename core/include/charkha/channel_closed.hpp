// SPDX-License-Identifier: Apache-2.0
// channel_closed: nothing more will come.
#pragma once

#include <stdexcept>

namespace charkha {

/// Thrown by the receiving side of oneshot, watch and broadcast when all was received that will ever be sent.
class channel_closed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace charkha
