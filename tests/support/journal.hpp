// SPDX-License-Identifier: Apache-2.0
// What happened, in order, written by tasks on any number of workers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace charkha::test {

template <class Event = int>
class journal {
 public:
  void add(Event event) {
    const std::lock_guard guard(mutex_);
    events_.push_back(std::move(event));
  }
  [[nodiscard]] std::vector<Event> all() const {
    const std::lock_guard guard(mutex_);
    return events_;
  }
  [[nodiscard]] std::vector<Event> sorted() const {
    auto events = all();
    std::sort(events.begin(), events.end());
    return events;
  }
  [[nodiscard]] std::size_t size() const { return all().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace charkha::test
