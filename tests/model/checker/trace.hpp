// SPDX-License-Identifier: Apache-2.0
// What happened in an execution, for people: written down only when a failing execution is gone through once more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operation.hpp"
#include "vector_clock.hpp"

namespace charkha::model {

class trace {
 public:
  struct event {
    unsigned thread;
    moment when;
    operation what;
    std::uint64_t value;    // read, or written by a store
    std::uint64_t written;  // by a read-modify-write that succeeded
    bool succeeded;
    bool stale;  // there was a newer value, or the store was put behind in the modification order
    std::size_t size;
    const void* code;
  };

  void add(const event& what) { events_.push_back(what); }
  /// The last plain access of that thread up to `when` to that byte, or null.
  [[nodiscard]] const event* find(unsigned thread, moment when, std::uintptr_t address, bool writes) const noexcept;
  /// The last atomic access of that thread to what begins there, or null.
  [[nodiscard]] const event* find_atomic(unsigned thread, std::uintptr_t address) const noexcept;
  /// A line for each event but the plain accesses.
  [[nodiscard]] std::string text(const std::vector<std::string>& threads) const;
  /// "file:line  source" of some code.
  [[nodiscard]] static std::string place(const void* code);

 private:
  std::vector<event> events_;
};

}  // namespace charkha::model
