// SPDX-License-Identifier: Apache-2.0
// SIZE timers armed and cancelled, one after the other: a call that is put off and taken back. Variants: "ahead", with an
// earlier one pending; "pending" and "million", with 100,000 and 1,000,000 later ones; "both", two tasks at once with an
// earlier one pending.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

using namespace std::chrono_literals;

charkha::coro<> churn(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    auto handle = charkha::call_later(60s, [] {});
    handle.cancel();
  }
  co_return;
}

charkha::coro<> measure(const compare::arguments& args) {
  std::vector<charkha::callback_handle> pending;
  const std::uint64_t later = args.variant == "pending" ? 100'000 : args.variant == "million" ? 1'000'000 : 0;
  for (std::uint64_t i = 0; i < later; ++i) pending.push_back(charkha::call_later(600s + i * 1ms, [] {}));
  if (args.variant == "ahead" || args.variant == "both") pending.push_back(charkha::call_later(30s, [] {}));
  const compare::stopwatch watch;
  if (args.variant == "both") {
    auto one = charkha::create_task(churn(args.size / 2));
    auto two = charkha::create_task(churn(args.size / 2));
    co_await one;
    co_await two;
  } else {
    co_await churn(args.size);
  }
  compare::report(args.size, watch.seconds());
  for (auto& handle : pending) handle.cancel();
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args), {.workers = static_cast<int>(args.workers)});
}
