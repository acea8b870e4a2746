// SPDX-License-Identifier: Apache-2.0
// docs/coming-from-asyncio.md: being asked to stop.
#include <chrono>
#include <exception>
#include <string>
#include <vector>

#include <charkha/charkha.hpp>

#include "expect.hpp"

using namespace std::chrono_literals;

// [not-std-exception]
charkha::coro<std::string> read_reply(charkha::event& begun) {
  begun.set();
  try {
    co_await charkha::sleep(1h);
    co_return "a reply";
  } catch (const std::exception& error) {  // errors; a cancellation passes
    co_return error.what();
  }
}
// [end]

charkha::coro<> passes() {
  charkha::event begun;
  auto reading = charkha::create_task(read_reply(begun));
  co_await begun.wait();
  reading.cancel();
  const std::vector ended{reading};
  co_await charkha::wait(ended);
  expect(reading.cancelled());
}

// [cleanup]
charkha::coro<> transfer(charkha::event& begun, bool& rolled_back) {
  std::exception_ptr stopped;
  try {
    begun.set();
    co_await charkha::sleep(1h);
  } catch (const charkha::cancelled_error&) {
    stopped = std::current_exception();  // C++ has no co_await in a catch block: note it, and clean up below
  }
  if (!stopped) co_return;
  co_await charkha::sleep(1ms);  // clean-up may await
  rolled_back = true;
  std::rethrow_exception(stopped);  // and says in the end that it was stopped
}
// [end]

charkha::coro<> cleans_up() {
  charkha::event begun;
  bool rolled_back = false;
  auto moving = charkha::create_task(transfer(begun, rolled_back));
  co_await begun.wait();
  moving.cancel();
  const std::vector ended{moving};
  co_await charkha::wait(ended);
  expect(moving.cancelled() && rolled_back);
}

// [swallow]
charkha::coro<int> stubborn(charkha::event& begun) {
  try {
    begun.set();
    co_await charkha::sleep(1h);
  } catch (const charkha::cancelled_error&) {
  }
  co_return 7;
}

charkha::coro<> swallowed() {
  charkha::event begun;
  auto job = charkha::create_task(stubborn(begun));
  co_await begun.wait();
  job.cancel();
  const int value = co_await job;
  expect(value == 7 && !job.cancelled() && job.cancelling() == 1);
}
// [end]

// [checkpoint]
charkha::coro<long> sum(std::vector<int> numbers) {
  long total = 0;
  for (const int number : numbers) {
    total += number;
    co_await charkha::checkpoint();  // throws if this task was asked to stop; never suspends
  }
  co_return total;
}
// [end]

charkha::coro<> stops_at_a_checkpoint() {
  const std::vector numbers{1, 2, 3};
  auto whole = charkha::create_task(sum, numbers);
  const long total = co_await whole;
  expect(total == 6);
  auto cancels_itself = [numbers]() -> charkha::coro<long> {
    charkha::current_task().cancel();
    co_return co_await sum(numbers);
  };
  auto stopped = charkha::create_task(cancels_itself);
  const std::vector ended{stopped};
  co_await charkha::wait(ended);
  expect(stopped.cancelled());
}

charkha::coro<> save(bool& saved) {
  co_await charkha::sleep(5ms);
  saved = true;
}

// [shield]
charkha::coro<> keeps_saving() {
  bool saved = false;
  auto saving = charkha::create_task(save(saved));
  try {
    co_await charkha::wait_for(charkha::shield(saving), 1ms);
  } catch (const charkha::timeout_error&) {  // only the wait ended
  }
  co_await saving;
  expect(saved);
}
// [end]

// [nested]
charkha::coro<> what_ended_the_body() {
  bool was_cancelled = false;
  try {
    co_await charkha::timeout(1ms, charkha::sleep(1h, "done"));
  } catch (const charkha::timeout_error& late) {
    try {
      std::rethrow_if_nested(late);  // Python: late.__cause__
    } catch (const charkha::cancelled_error&) {
      was_cancelled = true;
    }
  }
  expect(was_cancelled);
}
// [end]

charkha::coro<> async_main() {
  co_await passes();
  co_await cleans_up();
  co_await swallowed();
  co_await stops_at_a_checkpoint();
  co_await keeps_saving();
  co_await what_ended_the_body();
}

int main() { charkha::run(async_main(), {.workers = 4}); }
