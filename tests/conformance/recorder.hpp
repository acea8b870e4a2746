// SPDX-License-Identifier: Apache-2.0
// What the scenarios of CPython's are made of: a recorder of events, virtual time, tasks that sleep or fail.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "charkha/charkha.hpp"

namespace charkha::test {

using nlohmann::json;

/// Seconds of virtual time, rounded as CPython's were.
inline double now() {
  const std::chrono::duration<double, std::micro> time = charkha::clock::now().time_since_epoch();
  return std::round(time.count()) / 1e6;
}

/// What happened, and in which task.
class recorder {
 public:
  void operator()(const std::string& in_task, json event) { events_.emplace_back(in_task, std::move(event)); }

  /// An event of its parts; one part stands for itself. A cancelled_error is its message, and nothing if it has none.
  template <class... Parts>
  void note(const std::string& in_task, const Parts&... parts) {
    json event = json::array();
    (append(event, parts), ...);
    (*this)(in_task, event.size() == 1 ? json(event.front()) : std::move(event));
  }

  [[nodiscard]] json in_order() const {
    json all = json::array();
    for (const auto& [in_task, event] : events_) all.push_back(event);
    return all;
  }
  [[nodiscard]] std::map<std::string, json> by_task() const {
    std::map<std::string, json> tasks;
    for (const auto& [in_task, event] : events_) tasks[in_task].push_back(event);
    return tasks;
  }

 private:
  template <class Part>
  static void append(json& event, const Part& part) {
    event.push_back(json(part));
  }
  static void append(json& event, const cancelled_error& request) {
    if (!request.message().empty()) event.push_back(request.message());
  }

  std::vector<std::pair<std::string, json>> events_;
};

class value_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The sleeper of most scenarios.
template <class T = int>
coro<T> sleeper(recorder& log, std::string name, std::chrono::seconds time, T result = {}) {
  try {
    log.note(name, name, "start", now());
    co_await charkha::sleep(time);
    log.note(name, name, "end", now());
    co_return result;
  } catch (const cancelled_error& request) {
    log.note(name, name, "cancelled", now(), request);
    throw;
  }
}

inline coro<> fail_with(std::chrono::seconds after, std::string text) {
  if (after > std::chrono::seconds(0)) co_await charkha::sleep(after);
  throw value_error(text);
}

inline json sorted(json events) {
  std::sort(events.begin(), events.end());
  return events;
}

/// Plays a scenario in a simulation.
inline recorder play(coro<> (*scenario)(recorder&), int workers, std::uint64_t seed) {
  recorder log;
  charkha::simulation({.workers = workers, .seed = seed}).run(scenario(log));
  return log;
}

}  // namespace charkha::test
