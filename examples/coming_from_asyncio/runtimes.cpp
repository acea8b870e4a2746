// SPDX-License-Identifier: Apache-2.0
// docs/coming-from-asyncio.md: the runtime around the tasks.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <string>

#include <charkha/charkha.hpp>

#include "expect.hpp"

using namespace std::chrono_literals;

// [context]
charkha::context_var<std::string> request_id("request_id", "none");

charkha::coro<std::string> whose() { co_return request_id.get(); }

charkha::coro<> contexts() {
  request_id.set("r-1");
  auto child = charkha::create_task(whose());  // has a copy of what is set now
  request_id.set("r-2");
  const std::string in_the_task = co_await child;
  const std::string in_a_thread = co_await charkha::to_thread([] { return request_id.get(); });
  expect(in_the_task == "r-1" && in_a_thread == "r-2");
}
// [end]

// [fatal]
class keep_going final : public charkha::report_handler {
 public:
  void handle(const charkha::report& what) noexcept override { std::printf("%s\n", what.text().c_str()); }
  void fatal(const charkha::report& what) noexcept override {  // the default ends the program
    handle(what);
    ++fatal_errors;
  }
  std::atomic<int> fatal_errors = 0;
};

charkha::coro<> corrupt() {
  throw charkha::fatal_error("the index is corrupt");
  co_return;
}

void fatal_errors_are_not_stored() {
  keep_going reports;
  bool seen = false;
  try {
    charkha::run(corrupt(), {.reports = &reports});
  } catch (const charkha::fatal_error&) {  // no std::exception either
    seen = true;
  }
  expect(seen && reports.fatal_errors == 1);
}
// [end]

// [shutdown]
charkha::coro<> farewell(std::atomic<int>& said) {
  co_await charkha::yield();
  ++said;
}

charkha::coro<> guest(std::atomic<int>& said) {
  try {
    co_await charkha::sleep(1h);
  } catch (const charkha::cancelled_error&) {
    static_cast<void>(
        charkha::create_task(farewell(said), {.eager_start = true}));  // asyncio.run would not wait for it
    throw;
  }
}

void shuts_down() {
  std::atomic<int> said = 0;
  charkha::runtime rt{{.workers = 2}};
  static_cast<void>(rt.spawn(guest(said)));
  const auto left = rt.shutdown(10s);  // asks all tasks to stop, then those that they created meanwhile, and so on
  expect(left.complete());
}
// [end]

// [post]
void posts() {
  charkha::runtime rt{{.workers = 2}};
  std::promise<void> called;
  rt.call_soon([&called] { called.set_value(); });  // loop.call_soon_threadsafe
  called.get_future().wait();
}
// [end]

charkha::coro<> wait_an_hour() { co_await charkha::sleep(1h); }

void virtual_time() {
  // [simulation]
  charkha::simulation world{{.workers = 4, .seed = 7}};
  world.run(wait_an_hour());  // takes no time; the same seed gives the same order of events
  expect(world.now().time_since_epoch() >= 1h);
  // [end]
}

int main() {
  charkha::run(contexts(), {.workers = 4});
  fatal_errors_are_not_stored();
  shuts_down();
  posts();
  virtual_time();
}
