// SPDX-License-Identifier: Apache-2.0
// SIZE times: an idle loop is woken from another thread; how long until its callback runs. Wake-ups may be merged, so
// there is no burst.
#include <uv.h>

#include <atomic>
#include <thread>

#include "../support/program.hpp"

namespace {

std::atomic<std::uint64_t> ran_at{0};

void woken(uv_async_t*) {
  ran_at.store(uv_hrtime());
  ran_at.notify_one();
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  if (!args.variant.empty()) compare::cannot();
  uv_loop_t* const loop = uv_default_loop();
  uv_async_t async;
  uv_async_init(loop, &async, woken);
  std::vector<double> microseconds;
  std::thread outside([&] {
    for (std::uint64_t round = 0; round < args.size; ++round) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ran_at.store(0);
      const auto begin = uv_hrtime();
      uv_async_send(&async);
      ran_at.wait(0);
      microseconds.push_back(static_cast<double>(ran_at.load() - begin) / 1e3);
    }
    compare::report_times(std::move(microseconds));
    std::fflush(stdout);
    std::_Exit(0);
  });
  uv_run(loop, UV_RUN_DEFAULT);
  outside.join();
}
