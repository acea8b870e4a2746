// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/context_state.hpp"

#include <algorithm>

#include "charkha/context_var.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/task_core.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

std::shared_ptr<const context_values> context_state::values() const {
  const spin_guard guard(lock_);
  return values_;
}

std::shared_ptr<const void> context_state::find(std::uint64_t variable) const {
  const auto seen = values();
  if (seen == nullptr) return nullptr;
  const auto place = std::find_if(seen->begin(), seen->end(), [=](const auto& each) { return each.first == variable; });
  return place == seen->end() ? nullptr : place->second;
}

std::shared_ptr<const void> context_state::set(std::uint64_t variable, const std::shared_ptr<const void>& value) {
  for (;;) {
    auto seen = values();
    auto changed = seen == nullptr ? std::make_shared<context_values>() : std::make_shared<context_values>(*seen);
    const auto place =
        std::find_if(changed->begin(), changed->end(), [=](const auto& each) { return each.first == variable; });
    std::shared_ptr<const void> before;
    if (place == changed->end()) {
      if (value != nullptr) changed->emplace_back(variable, value);
    } else {
      before = std::move(place->second);
      if (value != nullptr) {
        place->second = value;
      } else {
        changed->erase(place);
      }
    }
    std::shared_ptr<const context_values> next = std::move(changed);
    const spin_guard guard(lock_);
    // Tasks that share an explicit context may set at the same time: then this copy is out of date.
    if (values_ != seen) continue;
    values_.swap(next);
    used_.store(true, std::memory_order_relaxed);
    return before;
  }
}

void context_state::free() noexcept { delete this; }

void* context_state::operator new(std::size_t size) { return allocate_frame(size); }
void context_state::operator delete(void* state, std::size_t size) noexcept { deallocate_frame(state, size); }

context_state& context_slot::demand() {
  context_state* state = get();
  if (state != nullptr) return *state;
  auto fresh = intrusive_ptr<context_state>::adopt(*new context_state);
  // [context-made] release: made before it can be found.
  if (state_.compare_exchange_strong(state, fresh.get(), std::memory_order_acq_rel, std::memory_order_acquire)) {
    return *fresh.release();
  }
  return *state;
}

intrusive_ptr<context_state> context_slot::replace(intrusive_ptr<context_state> state) noexcept {
  context_state* before = state_.exchange(state.release(), std::memory_order_acq_rel);  // [context-made]
  return before == nullptr ? intrusive_ptr<context_state>() : intrusive_ptr<context_state>::adopt(*before);
}

context_slot& current_context() noexcept {
  const worker_context* worker = current_worker();
  if (worker != nullptr) return current_context(*worker);
  if (context_slot* scoped = scoped_context()) return *scoped;
  return thread_context();
}

context_slot& current_context(const worker_context& here) noexcept {
  if (context_slot* scoped = scoped_context()) return *scoped;
  return here.current == nullptr ? thread_context() : here.current->context;
}

intrusive_ptr<context_state> copy_current_context() { return current_context().copy(); }

std::uint64_t next_context_variable() noexcept {
  static std::atomic<std::uint64_t> following{1};
  return following.fetch_add(1, std::memory_order_relaxed);
}

void throw_no_value(const std::string& variable) {
  throw usage_error("context variable '" + variable + "' was not set here and has no default");
}

context_scope::context_scope(context_slot* slot) noexcept : outside_(exchange_scoped_context(slot)) {}
context_scope::~context_scope() { static_cast<void>(exchange_scoped_context(outside_)); }

}  // namespace charkha::detail
