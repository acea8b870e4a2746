// SPDX-License-Identifier: Apache-2.0
// The one header that has everything: asyncio's tutorial with nothing else included.
#include "charkha/charkha.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;

namespace {

charkha::coro<int> delay(std::chrono::seconds time) {
  co_await charkha::sleep(time);
  co_return static_cast<int>(time.count());
}

}  // namespace

TEST_CASE("two delays at once take as long as one, with everything from one header (R11)") {
  charkha::simulation sim;
  auto body = []() -> charkha::coro<int> {
    auto a = charkha::create_task(delay(3s), {.name = "a"});
    auto b = charkha::create_task(delay, 3s);
    const int first = co_await a;
    const int second = co_await b;
    co_return first + second;
  };
  CHECK(sim.run(body()) == 6);
  CHECK(sim.now().time_since_epoch() == 3s);
}

TEST_CASE("every public name is there") {
  using charkha::all_tasks;
  using charkha::any_future;
  using charkha::any_task;
  using charkha::barrier;
  using charkha::bounded_semaphore;
  using charkha::broadcast;
  using charkha::broadcast_lagged;
  using charkha::broadcast_receiver;
  using charkha::broken_barrier_error;
  using charkha::call_at;
  using charkha::call_later;
  using charkha::call_soon;
  using charkha::callback_handle;
  using charkha::cancel_on;
  using charkha::cancelled_error;
  using charkha::channel_closed;
  using charkha::checkpoint;
  using charkha::clock;
  using charkha::condition;
  using charkha::context;
  using charkha::context_var;
  using charkha::coro;
  using charkha::create_future;
  using charkha::create_oneshot;
  using charkha::create_task;
  using charkha::current_task;
  using charkha::done_callback_id;
  using charkha::ensure_task;
  using charkha::event;
  using charkha::exception_group;
  using charkha::fatal_error;
  using charkha::from_std_future;
  using charkha::future;
  using charkha::gather;
  using charkha::gather_result;
  using charkha::generator;
  using charkha::generator_exit;
  using charkha::guard;
  using charkha::interrupted_error;
  using charkha::invalid_state_error;
  using charkha::latch;
  using charkha::lifo_queue;
  using charkha::lock;
  using charkha::oneshot_ends;
  using charkha::oneshot_receiver;
  using charkha::oneshot_sender;
  using charkha::priority_queue;
  using charkha::queue;
  using charkha::queue_shutdown;
  using charkha::report;
  using charkha::report_handler;
  using charkha::report_kind;
  using charkha::return_exceptions;
  using charkha::return_exceptions_t;
  using charkha::return_when;
  using charkha::run;
  using charkha::runner;
  using charkha::runner_options;
  using charkha::runtime;
  using charkha::runtime_options;
  using charkha::semaphore;
  using charkha::shared_lock;
  using charkha::shield;
  using charkha::shutdown_result;
  using charkha::simulation;
  using charkha::simulation_options;
  using charkha::sleep;
  using charkha::sleep_until;
  using charkha::stop_token_of;
  using charkha::strand;
  using charkha::task;
  using charkha::task_group;
  using charkha::task_hooks;
  using charkha::task_options;
  using charkha::timeout;
  using charkha::timeout_at;
  using charkha::timeout_error;
  using charkha::timeout_scope;
  using charkha::to_std_future;
  using charkha::to_thread;
  using charkha::unfinished_task;
  using charkha::usage_error;
  using charkha::wait;
  using charkha::wait_options;
  using charkha::wait_result;
  using charkha::watch;
  using charkha::watch_receiver;
  using charkha::when_all;
  using charkha::when_any;
  using charkha::when_any_result;
  using charkha::with_task_group;
  using charkha::yield;
  CHECK(shutdown_result{}.complete());
}
