// SPDX-License-Identifier: Apache-2.0
#include "charkha/stop_token.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

#include "charkha/detail/task_record.hpp"

namespace charkha {

namespace {

class stop_on_cancel final : public detail::cancel_listener {
 public:
  stop_on_cancel() = default;
  [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

  void cancel_requested() noexcept override { source_.request_stop(); }
  void add_reference() noexcept override { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept override {
    // [last-reference] release: this holder's use; acquire: that of the others, before it is freed.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  ~stop_on_cancel() = default;
  std::stop_source source_;
  std::atomic<std::uint32_t> references_{1};
};

struct cancel_task {
  any_task task;
  void operator()() const noexcept { task.cancel(); }
};

}  // namespace

std::stop_token stop_token_of(const any_task& task) {
  auto& record = static_cast<detail::task_record&>(detail::handle_access::core(task));
  const auto listener = record.set_listener(detail::intrusive_ptr<detail::cancel_listener>::adopt(*new stop_on_cancel));
  if (!listener) return std::stop_source().get_token();
  auto token = static_cast<const stop_on_cancel&>(*listener).token();
  // A request that came before the listener was there, or at the same time: asked twice is asked once.
  if (record.cancelling() != 0) listener->cancel_requested();
  return token;
}

void cancel_on(const any_task& task, const std::stop_token& token) {
  auto registration = std::make_shared<std::stop_callback<cancel_task>>(token, cancel_task{task});
  task.add_done_callback([registration](const any_task&) {});
}

}  // namespace charkha
