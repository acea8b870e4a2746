// SPDX-License-Identifier: Apache-2.0
// What a thread of the model is about to do: the next thing of it that others can tell.
#pragma once

#include <atomic>
#include <cstdint>

namespace charkha::model {

enum class action : std::uint8_t {
  start,
  load,
  store,
  read_modify_write,
  compare_exchange,
  pause,  // a spin loop: nothing to do until somebody writes
  block,  // waits for a futex
  wake,   // wakes those who wait for one
  await,  // a flag, without looking at it again and again
  join,   // waits until all other threads have ended
  read,   // plain accesses, which only the trace of a failing execution lists
  write,
  free,
};

struct operation {
  action what = action::start;
  std::uintptr_t address = 0;
  std::memory_order order = std::memory_order_relaxed;

  [[nodiscard]] bool writes() const noexcept {
    return what != action::load && what != action::await && what != action::start;
  }
};

/// Does it matter which of the two comes first?
[[nodiscard]] inline bool depend(const operation& a, const operation& b) noexcept {
  if (a.what == action::pause || b.what == action::pause) return a.writes() && b.writes();
  if (a.address != b.address) return false;
  if (a.writes() || b.writes()) return true;
  // Two loads of one variable: their places in the single total order.
  return a.order == std::memory_order_seq_cst && b.order == std::memory_order_seq_cst;
}

/// Has a load, or the load of a read-modify-write, with that order acquire semantics?
[[nodiscard]] constexpr bool acquires(std::memory_order order) noexcept {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
/// Has a store release semantics?
[[nodiscard]] constexpr bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}

}  // namespace charkha::model
