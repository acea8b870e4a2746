// SPDX-License-Identifier: Apache-2.0
// Echoes what it is sent, by callbacks. Prints its port and serves until it is killed.
#include <arpa/inet.h>
#include <uv.h>

#include <array>
#include <cstring>

#include "../support/program.hpp"

namespace {

struct connection {
  uv_tcp_t socket;
  uv_write_t write;
  std::array<char, 4096> bytes;
};

connection& of(void* handle) { return *static_cast<connection*>(static_cast<uv_handle_t*>(handle)->data); }

void give_memory(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
  auto& bytes = of(handle).bytes;
  *buffer = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
}

void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  auto& mine = of(stream);
  if (size < 0) {
    uv_close(reinterpret_cast<uv_handle_t*>(stream), [](uv_handle_t* handle) { delete &of(handle); });
  } else if (size > 0) {
    const auto out = uv_buf_init(buffer->base, static_cast<unsigned>(size));
    uv_write(&mine.write, stream, &out, 1, [](uv_write_t*, int) {});
  }
}

void on_connection(uv_stream_t* server, int) {
  auto* const guest = new connection;
  uv_tcp_init(server->loop, &guest->socket);
  guest->socket.data = guest;
  auto* const stream = reinterpret_cast<uv_stream_t*>(&guest->socket);
  uv_accept(server, stream);
  uv_tcp_nodelay(&guest->socket, 1);
  uv_read_start(stream, give_memory, on_read);
}

}  // namespace

int main(int, char**) {
  uv_loop_t* const loop = uv_default_loop();
  uv_tcp_t server;
  uv_tcp_init(loop, &server);
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_bind(&server, reinterpret_cast<const sockaddr*>(&address), 0);
  uv_listen(reinterpret_cast<uv_stream_t*>(&server), 1024, on_connection);
  int length = sizeof address;
  uv_tcp_getsockname(&server, reinterpret_cast<sockaddr*>(&address), &length);
  std::printf("port=%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  uv_run(loop, UV_RUN_DEFAULT);
}
