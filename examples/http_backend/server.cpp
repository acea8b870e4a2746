// SPDX-License-Identifier: Apache-2.0
// Accepting, and the drain.
#include "server.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

namespace http_backend {

using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

tcp::acceptor listen(asio::io_context& loop, const tcp::endpoint& where) {
  try {
    return {loop, where};
  } catch (const std::system_error& error) {
    std::ostringstream text;
    text << "cannot listen on " << where;
    throw std::system_error(error.code(), text.str());
  }
}

}  // namespace

server::server(asio::io_context& loop, charkha::runtime& runtime, const options& settings)
    : loop_(loop),
      acceptor_(listen(loop, {settings.address, settings.port})),
      signals_(loop, SIGTERM, SIGINT),
      accept_later_(loop),
      service_{runtime, settings, {}} {}

void server::run() {
  signals_.async_wait([this](std::error_code error, int) {
    if (!error) drain();
  });
  accept();
  // The loop ends when nothing is left that could happen: no acceptor, no socket, no reply on its way.
  loop_.run();
}

// With all connections taken the kernel keeps the next ones; each that closes lets one in.
void server::accept() {
  if (accepting_ || draining_ || connections_.size() >= service_.settings.max_connections) return;
  accepting_ = true;
  acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
    accepting_ = false;
    if (!error) welcome(std::move(socket));
    if (!error || draining_) return accept();
    // Out of descriptors, most likely; at once it would fail again, and again.
    accept_later_.expires_after(100ms);
    accept_later_.async_wait([this](std::error_code) { accept(); });
  });
}

void server::welcome(tcp::socket socket) {
  auto guest = std::make_shared<connection>(std::move(socket), service_, [this](const auto& closed) {
    connections_.erase(closed);
    accept();
  });
  connections_.insert(guest);
  ++service_.counts.connections;
  service_.counts.most_connections = std::max(service_.counts.most_connections, connections_.size());
  guest->start();
  if (draining_) guest->drain();
}

void server::drain() {
  draining_ = true;
  accept_later_.cancel();
  std::cout << "draining: " << service_.counts.in_flight << " requests in flight" << std::endl;
  // Who was connected before the signal may have sent a request: he is let in, and refused only if he has not.
  std::error_code error;
  acceptor_.non_blocking(true, error);
  while (!error && connections_.size() < service_.settings.max_connections) {
    tcp::socket socket(loop_);
    acceptor_.accept(socket, error);
    if (!error) welcome(std::move(socket));
  }
  acceptor_.close(error);
  const std::vector<std::shared_ptr<connection>> all(connections_.begin(), connections_.end());
  for (const auto& each : all) each->drain();
}

}  // namespace http_backend
