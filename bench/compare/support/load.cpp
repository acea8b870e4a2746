// SPDX-License-Identifier: Apache-2.0
// The load for every echo server: one thread, CONNECTIONS connections to 127.0.0.1:PORT, each of which sends 64 bytes,
// waits until all 64 are back, and sends again, for SECONDS after a warm-up. Prints the round trips, `served` with those
// of the warm-up, and how long each took.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <memory>

#include "program.hpp"

namespace {

using steady = std::chrono::steady_clock;

constexpr std::size_t message_size = 64;
constexpr auto warm_up = std::chrono::milliseconds(300);

class connection {
 public:
  connection(int epoll, const sockaddr_in& server) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    compare::require(connect(socket_, reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0, "connect");
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = this;
    compare::require(epoll_ctl(epoll, EPOLL_CTL_ADD, socket_, &event) == 0, "epoll_ctl");
  }

  void ask() {
    static constexpr std::array<char, message_size> message{"ping"};
    received_ = 0;
    sent_at_ = steady::now();
    compare::require(send(socket_, message.data(), message.size(), MSG_NOSIGNAL) == message_size, "send");
  }

  /// Takes what has come; true when the message is whole.
  bool take() {
    std::array<char, message_size> bytes{};
    const auto size = recv(socket_, bytes.data(), bytes.size() - received_, 0);
    compare::require(size > 0, "the server closed a connection");
    if (received_ == 0) compare::require(bytes[0] == 'p', "echo");
    received_ += static_cast<std::size_t>(size);
    return received_ == message_size;
  }

  [[nodiscard]] steady::time_point sent_at() const { return sent_at_; }

 private:
  int socket_;
  std::size_t received_ = 0;
  steady::time_point sent_at_;
};

}  // namespace

int main(int argc, char** argv) {
  compare::require(argc == 4, "usage: load PORT CONNECTIONS SECONDS");
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int epoll = epoll_create1(0);
  std::vector<std::unique_ptr<connection>> connections;
  for (int i = 0; i < std::atoi(argv[2]); ++i) connections.push_back(std::make_unique<connection>(epoll, server));
  for (auto& each : connections) each->ask();

  const auto from = steady::now() + warm_up;
  const auto until =
      from + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(std::atof(argv[3])));
  std::vector<double> microseconds;
  microseconds.reserve(1 << 20);
  auto now = from;
  std::uint64_t served = 0;
  do {
    std::array<epoll_event, 256> events{};
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 5000);
    compare::require(count > 0, "no answer for 5 s");
    for (int i = 0; i < count; ++i) {
      auto& each = *static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!each.take()) continue;
      now = steady::now();
      ++served;
      if (now > from) {
        microseconds.push_back(std::chrono::duration<double, std::micro>(now - each.sent_at()).count());
      }
      each.ask();
    }
  } while (now < until);
  std::printf("served=%llu seconds=%.9f ", static_cast<unsigned long long>(served),
              std::chrono::duration<double>(now - from).count());
  compare::report_times(std::move(microseconds));
}
