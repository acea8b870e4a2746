// SPDX-License-Identifier: Apache-2.0
// options: what the command line says.
#pragma once

#include <asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

namespace http_backend {

struct options {
  asio::ip::address address = asio::ip::address_v4::loopback();
  std::uint16_t port = 8080;
  int workers = 0;                            ///< as charkha::runtime_options::workers
  std::chrono::milliseconds deadline{2'000};  ///< for one request, from its last byte to its answer
  std::chrono::milliseconds idle{10'000};     ///< for the client to send its next request, or to take an answer
  std::size_t max_connections = 1'000;        ///< at a time; more wait in the kernel until one closes
  bool help = false;
};

/// A command line that makes no sense; the text says why.
class option_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Both `--port 80` and `--port=80`. Throws option_error.
[[nodiscard]] options parse_options(std::span<const char* const> arguments);

/// The text for --help.
extern const std::string_view usage;

}  // namespace http_backend
