// SPDX-License-Identifier: Apache-2.0
// service: what all connections share.
#pragma once

#include "charkha/runtime.hpp"
#include "options.hpp"
#include "tally.hpp"

namespace http_backend {

struct service {
  charkha::runtime& runtime;
  const options& settings;
  tally counts;
};

}  // namespace http_backend
