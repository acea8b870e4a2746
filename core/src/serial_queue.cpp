// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/serial_queue.hpp"

#include "charkha/detail/executor.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/intrusive_ptr.hpp"

namespace charkha::detail {

ready_item* serial_queue::push(serial_item& item) noexcept {
  add_reference();  // the turn's
  item.next_ = nullptr;
  const spin_guard guard(lock_);
  (newest_ != nullptr ? newest_->next_ : oldest_) = &item;
  newest_ = &item;
  return this;
}

serial_item* serial_queue::pop() noexcept {
  const spin_guard guard(lock_);
  serial_item* item = oldest_;
  oldest_ = item->next_;
  if (oldest_ == nullptr) newest_ = nullptr;
  return item;
}

void serial_queue::run(worker_context& worker) noexcept {
  // [serial-turn] acquire: what the items before this one did. Release: nothing yet, but the server sees the turn.
  if (due_.fetch_add(1, std::memory_order_acq_rel) == 0) {
    serve(worker);
  } else {
    drop_reference();
  }
}

// Holds the reference of the turn that began it.
void serial_queue::serve(worker_context& worker) noexcept {
  unsigned served = 0;
  do {
    if (served++ == serve_limit) {
      served_by_.store(nullptr, std::memory_order_relaxed);
      runtime_.make_ready(relay_, ready_kind::yielded);
      return;
    }
    served_by_.store(&worker, std::memory_order_relaxed);
    pop()->run_serially(worker);
    served_by_.store(nullptr, std::memory_order_relaxed);
    // [serial-turn] release: what this item did, for whoever serves the queue next.
  } while (due_.fetch_sub(1, std::memory_order_acq_rel) != 1);
  drop_reference();
}

void serial_queue::discard() noexcept {
  pop()->discard_serially();
  drop_reference();
}

// Of the turns that it stood for, those that others had taken were theirs to run: their references are gone, their
// items are here.
void serial_queue::relay::discard() noexcept {
  serial_queue& owner = queue;
  for (auto left = owner.due_.exchange(0, std::memory_order_relaxed); left != 0; --left) {
    owner.pop()->discard_serially();
  }
  owner.drop_reference();
}

void serial_queue::drop_reference() noexcept {
  // [last-reference] release: this holder's use of the queue; acquire: that of the others, before it is freed.
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

serial_queue& first_queue(std::atomic<serial_queue*>& place, executor& runtime) {
  // [first-queue] acquire: made before it is found.
  serial_queue* known = place.load(std::memory_order_acquire);
  if (known != nullptr) return *known;
  auto fresh = intrusive_ptr<serial_queue>::adopt(*new serial_queue(runtime));
  // [first-queue] release, as above.
  if (place.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel, std::memory_order_acquire)) {
    return *fresh.release();
  }
  return *known;
}

void* serial_queue::operator new(std::size_t size) { return allocate_frame(size); }
void serial_queue::operator delete(void* queue, std::size_t size) noexcept { deallocate_frame(queue, size); }

}  // namespace charkha::detail
