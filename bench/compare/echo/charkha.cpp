// SPDX-License-Identifier: Apache-2.0
// Echoes what it is sent. charkha has no sockets: as in examples/http_backend, Asio reads and writes on one thread, and
// each message is a task on the workers, whose answer goes back by post. Prints its port and serves until it is killed.
#include <array>
#include <asio.hpp>
#include <charkha/charkha.hpp>
#include <memory>

#include "../support/program.hpp"

namespace {

using asio::ip::tcp;

class connection : public std::enable_shared_from_this<connection> {
 public:
  connection(tcp::socket socket, charkha::runtime& runtime) : socket_(std::move(socket)), runtime_(runtime) {}

  void read() {
    socket_.async_read_some(asio::buffer(bytes_),
                            [self = shared_from_this()](asio::error_code error, std::size_t size) {
                              if (error) return;
                              static_cast<void>(self->runtime_.spawn(answer(self, size)));
                            });
  }

 private:
  static charkha::coro<> answer(std::shared_ptr<connection> self, std::size_t size) {
    auto& where = self->socket_;
    asio::post(where.get_executor(), [self = std::move(self), size] { self->write(size); });
    co_return;
  }

  void write(std::size_t size) {
    asio::async_write(socket_, asio::buffer(bytes_, size),
                      [self = shared_from_this()](asio::error_code error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  tcp::socket socket_;
  charkha::runtime& runtime_;
  std::array<char, 4096> bytes_{};
};

void accept(tcp::acceptor& acceptor, charkha::runtime& runtime) {
  acceptor.async_accept([&](asio::error_code error, tcp::socket socket) {
    compare::require(!error, "accept");
    socket.set_option(tcp::no_delay(true));
    std::make_shared<connection>(std::move(socket), runtime)->read();
    accept(acceptor, runtime);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  asio::io_context loop(1);
  charkha::runtime runtime({.workers = static_cast<int>(args.workers)});
  tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
  std::printf("port=%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  accept(acceptor, runtime);
  loop.run();
}
