// SPDX-License-Identifier: Apache-2.0
// The ceiling: an echo server of one thread and nothing but system calls. Prints its port and serves until it is killed.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "../support/program.hpp"

int main(int, char**) {
  const int epoll = epoll_create1(0), listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const auto watch = [epoll](int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    compare::require(epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0, "epoll_ctl");
  };
  compare::require(bind(listener, reinterpret_cast<const sockaddr*>(&address), length) == 0, "bind");
  compare::require(listen(listener, 1024) == 0, "listen");
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  std::printf("port=%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  watch(listener);
  for (;;) {
    std::array<epoll_event, 256> events{};
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int ready = events[static_cast<std::size_t>(i)].data.fd;
      if (ready == listener) {
        const int guest = accept(listener, nullptr, nullptr);
        setsockopt(guest, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(guest);
        continue;
      }
      std::array<char, 4096> bytes{};
      const auto size = recv(ready, bytes.data(), bytes.size(), 0);
      if (size <= 0 || send(ready, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) != size) close(ready);
    }
  }
}
