// SPDX-License-Identifier: Apache-2.0
// examples/context.cpp
// Each request has an id that nobody passes along: it goes with the task to whatever worker runs it, into its children,
// into threads and callbacks.
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <charkha/charkha.hpp>

charkha::context_var<std::string> request_id("request_id");

// As a library deep inside would do it.
std::string tagged(const std::string& text) { return "[" + request_id.get_or("no request") + "] " + text; }

std::string read_file() { return tagged("file"); }  // blocks: not for a worker

charkha::coro<std::string> query() {
  co_await charkha::yield();
  co_return tagged("query");
}

charkha::coro<bool> handle(int number) {
  const std::string id = "r-" + std::to_string(number);
  request_id.set(id);  // this task's; other requests do not see it

  auto child = charkha::create_task(query());
  const std::string file = co_await charkha::to_thread(read_file);
  const std::string rows = co_await child;

  charkha::event logged;
  std::string line;
  charkha::call_soon([&] {
    line = tagged("done");
    logged.set();
  });
  co_await logged.wait();

  std::printf("%s, %s, %s\n", file.c_str(), rows.c_str(), line.c_str());
  co_return file == "[" + id + "] file" && rows == "[" + id + "] query" && line == "[" + id + "] done";
}

charkha::coro<bool> async_main() {
  std::vector<charkha::coro<bool>> requests;
  for (int i = 1; i <= 8; ++i) requests.push_back(handle(i));
  const auto right = co_await charkha::gather(std::move(requests));
  bool all = tagged("main") == "[no request] main";
  for (const bool each : right) all = all && each;
  co_return all;
}

int main() { return charkha::run(async_main(), {.workers = 4}) ? 0 : 1; }
