// SPDX-License-Identifier: Apache-2.0
// An HTTP backend that embeds charkha: this thread belongs to Asio, the workers to charkha, and a request goes from one
// to the other and its answer back. What the server does is in handlers.cpp.
#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>

#include "charkha/runtime.hpp"
#include "options.hpp"
#include "server.hpp"

namespace {

int serve(const http_backend::options& settings) {
  asio::io_context loop(1);  // outlives the runtime, whose tasks post to it
  charkha::runtime runtime({.workers = settings.workers, .name = "http"});
  http_backend::server server(loop, runtime, settings);
  std::cout << "listening on " << server.endpoint() << std::endl;
  server.run();
  const auto left = runtime.shutdown(std::chrono::seconds(5));
  std::cout << "served " << server.counts().text() << std::endl;
  return left.complete() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto settings = http_backend::parse_options(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    if (settings.help) {
      std::cout << http_backend::usage;
      return 0;
    }
    return serve(settings);
  } catch (const http_backend::option_error& error) {
    std::cerr << "http_backend: " << error.what() << "; --help lists the options\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "http_backend: " << error.what() << '\n';
    return 1;
  }
}
