// SPDX-License-Identifier: Apache-2.0
// examples/graceful_shutdown.cpp
// A service that ends on SIGTERM: what it is doing gets half a second to finish; what does not is named.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

namespace {

charkha::runtime* service = nullptr;

// In a signal handler nearly everything is forbidden; this is not.
extern "C" void on_sigterm(int /*signal*/) { service->request_shutdown(); }

charkha::coro<> handle_request(int number) {
  try {
    co_await charkha::sleep(1h);
  } catch (const charkha::cancelled_error&) {
    std::printf("request %d: cleaning up\n", number);
    std::fflush(stdout);
  }
  co_await charkha::sleep(10ms);  // clean-up may wait
}

charkha::coro<> never_stops() {
  for (;;) {
    try {
      co_await charkha::sleep(1h);
    } catch (const charkha::cancelled_error&) {
    }
  }
}

// Stands for the operator: in a real service this is `kill PID`.
charkha::coro<> operator_sends_sigterm() {
  co_await charkha::sleep(100ms);
  std::raise(SIGTERM);
}

}  // namespace

int main() {
  charkha::runtime rt{{.workers = 2, .name = "service"}};
  service = &rt;
  std::signal(SIGTERM, on_sigterm);

  for (int i = 1; i <= 3; ++i) static_cast<void>(rt.spawn(handle_request(i), {.name = "request-" + std::to_string(i)}));
  static_cast<void>(rt.spawn(never_stops(), {.name = "stubborn"}));
  static_cast<void>(rt.spawn(operator_sends_sigterm()));

  rt.wait_for_shutdown_request();
  const auto left = rt.shutdown(500ms);
  std::signal(SIGTERM, SIG_DFL);

  for (const auto& each : left.unfinished) {
    std::printf("did not end: %s, waiting for: %s\n", each.name.c_str(), each.waiting_for.c_str());
  }
  const bool as_expected = left.unfinished.size() == 1 && left.unfinished[0].name == "stubborn";
  return as_expected ? EXIT_SUCCESS : EXIT_FAILURE;
}
