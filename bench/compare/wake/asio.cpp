// SPDX-License-Identifier: Apache-2.0
// SIZE times: an idle loop is given a coroutine from outside; how long until its first instruction. With the variant
// "burst": 1,000 at once, until the last has begun.
#include "../support/asio_program.hpp"
#include "arrivals.hpp"

namespace {

compare::awaitable<void> note(compare::arrivals& arrivals) {
  arrivals.note();
  co_return;
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  compare::loop.emplace(static_cast<int>(args.workers));
  auto work = asio::make_work_guard(*compare::loop);
  std::thread runs([&] { compare::run_loop(args.workers); });
  compare::measure_arrivals(
      args, [](compare::arrivals& arrivals) { asio::co_spawn(*compare::loop, note(arrivals), compare::detached); });
  work.reset();
  runs.join();
}
