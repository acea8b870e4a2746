// SPDX-License-Identifier: Apache-2.0
#include "sigint_watch.hpp"

#include <atomic>
#include <csignal>

#include "charkha/detail/waiter_list.hpp"
#include "futex.hpp"

namespace charkha::detail {

namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "a signal handler uses these");
constinit std::atomic<std::uint32_t> signals{0};  // counted by the handler, reset by a watch that takes over
constinit std::atomic<std::uint32_t> bell{0};     // moves when the waiting thread is to look
constinit std::atomic<bool> taken{false};         // by a watch

void ring() noexcept {
  bell.fetch_add(1, std::memory_order_release);  // [sigint-bell] release: what there is to look at
  futex_wake(bell, 1);
}

extern "C" void charkha_on_sigint(int /*number*/) {
  signals.fetch_add(1, std::memory_order_relaxed);
  ring();
}

/// Tells the waiting thread that main is complete. Its last touch of this object is the store: the thread may go then.
class end_of_main final : public waiter {
 public:
  end_of_main() noexcept = default;
  [[nodiscard]] ready_item* completed() noexcept override {
    done_.store(true, std::memory_order_release);  // [sigint-main-ended] release
    ring();
    return nullptr;
  }
  [[nodiscard]] bool is_done() const noexcept {
    return done_.load(std::memory_order_acquire);  // [sigint-main-ended] acquire
  }

 private:
  std::atomic<bool> done_{false};
};

sigint_watch::verdict judge(task_block& main, bool interrupted, bool cancelled) noexcept {
  using verdict = sigint_watch::verdict;
  if (!interrupted) return verdict::ended;
  // As asyncio: a main that was also asked to stop by somebody else is cancelled, not interrupted.
  if (main.was_cancelled()) return cancelled && main.state.uncancel() == 0 ? verdict::interrupted : verdict::ended;
  // It took the request and gave a value: it means to. If it was done before it could be asked, the signal is not lost.
  return cancelled || main.has_failed() ? verdict::ended : verdict::interrupted;
}

}  // namespace

sigint_watch::sigint_watch() noexcept {
  // [sigint-owner] acquire: the last owner has put everything back.
  if (taken.exchange(true, std::memory_order_acquire)) return;
  struct sigaction before{};
  if (sigaction(SIGINT, nullptr, &before) == 0 && (before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_DFL) {
    signals.store(0, std::memory_order_relaxed);
    struct sigaction ours{};
    ours.sa_handler = charkha_on_sigint;
    ours.sa_flags = SA_RESTART;  // the handler may run on any thread: system calls of tasks need not notice
    sigemptyset(&ours.sa_mask);
    owns_ = sigaction(SIGINT, &ours, nullptr) == 0;
  }
  if (!owns_) taken.store(false, std::memory_order_release);  // [sigint-owner] release
}

sigint_watch::~sigint_watch() {
  if (!owns_) return;
  struct sigaction now{};
  if (sigaction(SIGINT, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
      now.sa_handler == charkha_on_sigint) {
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    sigemptyset(&standard.sa_mask);
    sigaction(SIGINT, &standard, nullptr);
  }
  taken.store(false, std::memory_order_release);  // [sigint-owner] release
}

sigint_watch::verdict sigint_watch::wait(task_block& main) const noexcept {
  end_of_main here;
  const bool pending = main.waiters.add(here);
  bool asked = false, cancelled = false;
  for (;;) {
    const auto rung = bell.load(std::memory_order_acquire);  // [sigint-bell] acquire
    const auto count = signals.load(std::memory_order_relaxed);
    if (!pending || here.is_done()) return judge(main, count > 0, cancelled);
    if (count > 0 && !asked) {
      asked = true;
      cancelled = main.cancel({});
    } else if (count > 1 && main.waiters.remove(here)) {
      return verdict::abandoned;
    } else {
      static_cast<void>(futex_wait(bell, rung, futex_never));
    }
  }
}

}  // namespace charkha::detail
