// SPDX-License-Identifier: Apache-2.0
// tally: what was served, for the line that the server leaves behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace http_backend {

/// Belongs to Asio's thread.
struct tally {
  std::uint64_t connections = 0;
  std::size_t most_connections = 0;  ///< at a time

  std::uint64_t succeeded = 0;  ///< responses that were sent: 2xx
  std::uint64_t refused = 0;    ///< 4xx
  std::uint64_t failed = 0;     ///< 5xx
  std::uint64_t given_up = 0;   ///< requests whose client went before the answer
  std::size_t in_flight = 0;    ///< requests whose task has not ended
  std::size_t most_in_flight = 0;

  void began() noexcept;
  void sent(unsigned status) noexcept;

  [[nodiscard]] std::string text() const;
};

}  // namespace http_backend
