// SPDX-License-Identifier: Apache-2.0
// SIZE coroutines that sleep between 1 and 100 ms, all started at once: how late each wakes.
#include "../support/asio_program.hpp"

namespace {

compare::awaitable<void> measure(compare::arguments args) {
  compare::random random;
  std::vector<std::chrono::microseconds> times;
  for (std::uint64_t i = 0; i < args.size; ++i) times.emplace_back(1000 + random.below(99'001));
  std::vector<double> late(args.size);
  co_await compare::parallel(args.size, [&](std::size_t i) -> compare::awaitable<void> {
    const auto begin = std::chrono::steady_clock::now();
    co_await compare::sleep(times[i]);
    late[i] = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin - times[i]).count();
  });
  compare::report_times(std::move(late));
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
