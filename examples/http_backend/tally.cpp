// SPDX-License-Identifier: Apache-2.0
// Counting, and the line that the server leaves behind.
#include "tally.hpp"

#include <algorithm>

namespace http_backend {

void tally::began() noexcept { most_in_flight = std::max(most_in_flight, ++in_flight); }

void tally::sent(unsigned status) noexcept { ++(status < 400 ? succeeded : status < 500 ? refused : failed); }

std::string tally::text() const {
  const auto count = [](std::uint64_t number, const char* of_what) { return std::to_string(number) + of_what; };
  return count(succeeded + refused + failed, " responses (") + count(succeeded, " of 2xx, ") +
         count(refused, " of 4xx, ") + count(failed, " of 5xx), ") +
         count(given_up, " given up by the client, at most ") + count(most_in_flight, " in flight; ") +
         count(connections, " connections, at most ") + count(most_connections, " at a time");
}

}  // namespace http_backend
