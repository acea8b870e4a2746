// SPDX-License-Identifier: Apache-2.0
// What a program runs in: charkha in simulation, or the reference. Each gives an interpreter the same names.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "charkha/simulation.hpp"
#include "fuzz/interpreter.hpp"
#include "fuzz/program.hpp"
#include "fuzz/reference/reference.hpp"
#include "support/report_log.hpp"

namespace charkha::fuzz {

struct charkha_world {
  using coro = charkha::coro<int>;
  using task = charkha::task<int>;
  using lock = charkha::lock;
  using semaphore = charkha::semaphore;
  using event = charkha::event;
  using queue = charkha::queue<int>;
  using task_group = charkha::task_group;
  using cancelled_error = charkha::cancelled_error;
  using timeout_error = charkha::timeout_error;
  using exception_group = charkha::exception_group;
  using misuse = charkha::usage_error;

  static std::chrono::nanoseconds now() { return charkha::clock::now().time_since_epoch(); }
  static auto sleep(std::chrono::milliseconds duration) { return charkha::sleep(duration); }
  static auto yield() { return charkha::yield(); }
  static task create(coro body) { return charkha::create_task(std::move(body)); }
  static task create_in(task_group& group, coro body) { return group.create_task(std::move(body)); }
  static task join(task joined) { return joined; }
  static auto shield(task inner) { return charkha::shield(std::move(inner)); }
  static auto timeout(std::chrono::milliseconds duration, coro body) {
    return charkha::timeout(duration, std::move(body));
  }
  static coro gather(task one, task other) {
    const auto values = co_await charkha::gather(one, other);
    co_return std::get<0>(values) + std::get<1>(values);
  }
  static auto run(task_group& group, coro body) { return group.run(std::move(body)); }
  static bool cancel(const task& asked) { return asked.cancel(); }
  static int uncancel() { return static_cast<int>(charkha::current_task().uncancel()); }

  static bool done(const task& each) { return each.done(); }
  static bool was_cancelled(const task& each) { return each.cancelled(); }
  static int result(const task& each) { return each.result(); }
  static std::vector<std::exception_ptr> errors(const exception_group& group) { return group.errors(); }
  static semaphore make_semaphore(int permits) { return semaphore(permits); }
  static queue make_queue(std::size_t maxsize) { return queue(maxsize); }
  static std::size_t size(const queue& asked) { return asked.qsize(); }
  static int take_all(semaphore& from) {
    int taken = 0;
    while (from.try_acquire()) ++taken;
    return taken;
  }
};

struct reference_world {
  using coro = reference::coro;
  using task = reference::task;
  using lock = reference::lock;
  using semaphore = reference::semaphore;
  using event = reference::event;
  using queue = reference::queue;
  using task_group = reference::task_group;
  using cancelled_error = reference::cancelled_error;
  using timeout_error = reference::timeout_error;
  using exception_group = reference::exception_group;
  using misuse = std::logic_error;

  static std::chrono::nanoseconds now() { return reference::loop::current().now(); }
  static coro sleep(std::chrono::milliseconds duration) { return reference::sleep(duration); }
  static auto yield() { return reference::yield(); }
  static task create(coro body) { return reference::create_task(std::move(body)); }
  static task create_in(task_group& group, coro body) {
    if (!group.takes_children()) throw misuse("the group takes no children");
    return group.create_task(std::move(body));
  }
  static auto join(task joined) { return reference::wait_for(std::move(joined)); }
  static coro shield(task inner) { return reference::shield(std::move(inner)); }
  static coro timeout(std::chrono::milliseconds duration, coro body) {
    return reference::timeout(duration, std::move(body));
  }
  static coro gather(task one, task other) { return reference::gather({std::move(one), std::move(other)}); }
  static coro run(task_group& group, coro body) { return group.run(std::move(body)); }
  static bool cancel(const task& asked) { return asked->cancel(); }
  static int uncancel() { return reference::loop::current().task->uncancel(); }

  static bool done(const task& each) { return each->done(); }
  static bool was_cancelled(const task& each) { return each->was_cancelled(); }
  static int result(const task& each) { return each->result(); }
  static std::vector<std::exception_ptr> errors(const exception_group& group) { return group.errors; }
  static semaphore make_semaphore(int permits) { return semaphore(permits); }
  static queue make_queue(std::size_t maxsize) { return queue(maxsize); }
  static std::size_t size(const queue& asked) { return asked.size(); }
  static int take_all(semaphore& from) {
    int taken = 0;
    while (from.try_acquire()) ++taken;
    return taken;
  }
};

[[nodiscard]] inline outcome run_in_reference(const program& text) {
  reference::loop loop;
  interpreter<reference_world> run(text);
  const auto main = reference::create_task(run.main());
  while (!main->done() && loop.turn()) {
  }
  if (!main->done()) run.found().faults.emplace_back("main never ends");
  return std::move(run.found());
}

[[nodiscard]] inline outcome run_in_charkha(const program& text, const simulation_options& how) {
  test::report_log log;
  outcome found;
  {
    interpreter<charkha_world> run(text);
    auto options = how;
    options.reports = &log;
    simulation sim(options);
    sim.run(run.main());
    found = std::move(run.found());
  }
  for (const auto& each : log.all()) {
    if (each.kind != report_kind::error_never_retrieved) found.faults.push_back("report: " + each.text());
  }
  return found;
}

/// For those who look into a failure.
[[nodiscard]] inline std::string where_they_part(const outcome& expected, const outcome& found) {
  constexpr std::size_t before = 20, after = 10;
  std::size_t same = 0;
  while (same < std::min(expected.events.size(), found.events.size()) && expected.events[same] == found.events[same])
    ++same;
  const auto part = [&](const outcome& of, std::size_t from, std::size_t to) {
    std::string text;
    for (std::size_t i = from; i < std::min(to, of.events.size()); ++i) text += "  " + of.events[i] + '\n';
    return text;
  };
  const auto rest = [&](const outcome& of) {
    return part(of, same, same + after) + (of.events.size() <= same + after ? of.tail() : "  ...\n");
  };
  return "both do:\n" + part(expected, same - std::min(same, before), same) + "then the reference:\n" + rest(expected) +
         "and charkha on one worker:\n" + rest(found);
}

/// Empty if charkha does with these bytes what it has to do: on one worker what the reference does, event for event; on
/// several, whatever the order of steps, nothing that must not happen.
[[nodiscard]] inline std::string difference(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
  const program text = parse(bytes);
  const outcome expected = run_in_reference(text);
  const outcome found = run_in_charkha(text, {.workers = 1});
  if (!expected.faults.empty() || expected.events != found.events || expected.results != found.results ||
      !found.faults.empty()) {
    return print(text) + where_they_part(expected, found);
  }
  const std::array<simulation_options, 3> several{
      simulation_options{.workers = 2, .seed = seed}, simulation_options{.workers = 4, .seed = seed},
      simulation_options{
          .workers = 3, .seed = seed, .faults = {.lost_steals = 200, .spurious_wake_ups = 100, .slow_workers = 30}}};
  for (const auto& how : several) {
    const outcome many = run_in_charkha(text, how);
    if (!many.faults.empty()) {
      return print(text) + "\nfound on " + std::to_string(how.workers) + " workers with seed " + std::to_string(seed) +
             ":\n" + many.text();
    }
  }
  return {};
}

}  // namespace charkha::fuzz
