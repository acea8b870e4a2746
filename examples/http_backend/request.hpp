// SPDX-License-Identifier: Apache-2.0
// request: what a client asks for.
#pragma once

#include <string>
#include <utility>

namespace http_backend {

/// One request whose last byte has come. Its body, if it had one, is not kept: nothing here takes one.
struct request {
  request(std::string verb, std::string where, std::string with)
      : method(std::move(verb)), path(std::move(where)), query(std::move(with)) {}

  std::string method;
  std::string path;
  std::string query;  ///< what stands behind the '?', as it came
  bool http_1_0 = false;
  bool keep_alive = true;
};

}  // namespace http_backend
