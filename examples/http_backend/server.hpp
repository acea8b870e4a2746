// SPDX-License-Identifier: Apache-2.0
// server: accepts connections until a signal comes, then drains them.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <unordered_set>

#include "charkha/runtime.hpp"
#include "connection.hpp"
#include "options.hpp"
#include "service.hpp"
#include "tally.hpp"

namespace http_backend {

class server {
 public:
  /// Listens from here on. Throws std::system_error if the address cannot be had. All arguments must outlive it.
  server(asio::io_context& loop, charkha::runtime& runtime, const options& settings);
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  /// Serves until SIGTERM or SIGINT, and returns when the last request is answered and the last socket closed.
  void run();

  [[nodiscard]] const tally& counts() const noexcept { return service_.counts; }

 private:
  void accept();
  void welcome(asio::ip::tcp::socket socket);
  void drain();

  asio::io_context& loop_;
  asio::ip::tcp::acceptor acceptor_;
  asio::signal_set signals_;
  asio::steady_timer accept_later_;
  service service_;
  std::unordered_set<std::shared_ptr<connection>> connections_;
  bool accepting_ = false;  // an accept is under way
  bool draining_ = false;
};

}  // namespace http_backend
