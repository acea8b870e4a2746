// SPDX-License-Identifier: Apache-2.0
// docs/coming-from-asyncio.md: tasks, handles, futures.
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <charkha/charkha.hpp>

#include "expect.hpp"

using namespace std::chrono_literals;

// [detach]
charkha::coro<> write_log(charkha::event& written) {
  co_await charkha::sleep(1ms);
  written.set();
}

charkha::coro<> detached() {
  charkha::event written;
  static_cast<void>(charkha::create_task(write_log(written)));  // no handle is kept, and it runs all the same
  co_await written.wait();
}
// [end]

// [arguments]
charkha::coro<std::size_t> length(std::string text) {  // by value: a coroutine keeps its parameters
  co_await charkha::yield();
  co_return text.size();
}

charkha::coro<> lifetimes() {
  const std::string name = "charkha";
  auto counted = charkha::create_task(length, name + "!");                      // the temporary is moved into the task
  auto shouted = charkha::create_task([name]() -> charkha::coro<std::string> {  // and so is the lambda
    co_await charkha::yield();
    co_return name + "!!!";
  });
  const std::size_t number = co_await counted;
  const std::string text = co_await shouted;
  expect(number == 8 && text == "charkha!!!");
}
// [end]

charkha::coro<std::string> greet(std::string name) { co_return "hello " + name; }

// [values]
charkha::coro<std::unique_ptr<int>> make_number() { co_return std::make_unique<int>(42); }

charkha::coro<> values() {
  auto greeting = charkha::create_task(greet("you"));
  const std::string& seen = co_await greeting;  // a handle with a name: a reference to the value inside the task
  const std::string copy = co_await greeting;   // as often as you like, in any number of tasks
  expect(seen == copy);

  auto number = charkha::create_task(make_number());
  const std::unique_ptr<int> mine = co_await std::move(number);  // a handle given up: the value itself
  expect(*mine == 42);
}
// [end]

// [eager]
charkha::coro<int> look_up(bool cached) {
  if (!cached) co_await charkha::sleep(1ms);
  co_return 42;
}

charkha::coro<> eager() {
  auto found = charkha::create_task(look_up(true), {.eager_start = true});
  expect(found.done());  // it did not suspend, so it was never scheduled
  auto fetched = charkha::create_task(look_up(false), {.eager_start = true});  // runs as far as its sleep
  const int value = co_await fetched;
  expect(value == 42);
}
// [end]

charkha::coro<> serve() { co_await charkha::sleep(1h); }

void from_any_thread() {
  // [any-thread]
  charkha::runtime rt{{.workers = 2}};
  auto serving = rt.spawn(serve());  // from any thread, this one is no worker
  serving.cancel("enough");
  try {
    serving.get();  // blocks this thread; a worker awaits
  } catch (const charkha::cancelled_error& stopped) {
    expect(stopped.message() == "enough");
  }
  // [end]
}

// [future]
charkha::coro<> show(charkha::future<int> answer) { static_cast<void>(co_await answer); }

charkha::coro<> futures() {
  auto answer = charkha::create_future<int>();
  auto shown = charkha::create_task(show(answer), {.eager_start = true});  // waits for the answer
  shown.cancel();
  expect(answer.cancelled());  // passed on to what is awaited, as in asyncio; shield(answer) keeps it out
  const std::vector ended{shown};
  co_await charkha::wait(ended);
  expect(shown.cancelled());
}
// [end]

// [foreign]
void read_sensor(const charkha::future<int>& reading) { reading.set_result(21); }  // on any thread

charkha::coro<> from_a_thread() {
  auto reading = charkha::create_future<int>();
  std::jthread sensor(read_sensor, reading);
  const int degrees = co_await reading;
  expect(degrees == 21);
}
// [end]

// [callback]
charkha::coro<> callbacks() {
  charkha::event told;
  auto job = charkha::create_task(look_up(false));
  job.add_done_callback([&told](const charkha::task<int>& ended) {  // in a later turn, on some worker
    if (ended.result() == 42) told.set();
  });
  co_await told.wait();
}
// [end]

charkha::coro<> async_main() {
  co_await detached();
  co_await lifetimes();
  co_await values();
  co_await eager();
  co_await futures();
  co_await from_a_thread();
  co_await callbacks();
}

int main() {
  charkha::run(async_main(), {.workers = 4});
  from_any_thread();
}
