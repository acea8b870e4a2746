// SPDX-License-Identifier: Apache-2.0
// Echoes what it is sent: a coroutine for each connection. Prints its port and serves until it is killed.
#include "../support/asio_program.hpp"

namespace {

using asio::ip::tcp;

compare::awaitable<void> serve(tcp::socket socket) {
  std::array<char, 4096> bytes{};
  try {
    for (;;) {
      const auto size = co_await socket.async_read_some(asio::buffer(bytes), compare::use_awaitable);
      co_await asio::async_write(socket, asio::buffer(bytes, size), compare::use_awaitable);
    }
  } catch (const std::system_error&) {  // the client has gone
  }
}

compare::awaitable<void> measure(compare::arguments) {
  tcp::acceptor acceptor(*compare::loop, {asio::ip::address_v4::loopback(), 0});
  std::printf("port=%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  for (;;) {
    auto socket = co_await acceptor.async_accept(compare::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(*compare::loop, serve(std::move(socket)), compare::detached);
  }
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
