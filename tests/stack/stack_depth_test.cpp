// SPDX-License-Identifier: Apache-2.0
// 100,000 awaits that complete at once must not grow the stack, at any level of optimisation.
#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/stack_probe.hpp"

using charkha::coro;
using charkha::generator;
using charkha::task;
using charkha::test::stack_span;

namespace {

constexpr int rounds = 100'000;
constexpr std::uintptr_t most = std::uintptr_t{16} * 1024;

coro<int> give(stack_span& span, int value) {
  span.look();
  co_return value;
}
coro<> touch(stack_span& span) {
  span.look();
  co_return;
}

/// Runs the program on one simulated worker and on a real one, and looks at the span that it measured.
template <class Program>
void stays_flat(Program program) {
  stack_span simulated;
  charkha::simulation sim;
  sim.run(program(simulated));
  CHECK(simulated.bytes() < most);
  stack_span real;
  charkha::run(program(real), {.workers = 1});
  CHECK(real.bytes() < most);
}

}  // namespace

TEST_CASE("a coro that is ready, in a loop") {
  stays_flat([](stack_span& span) -> coro<> {
    int sum = 0;
    for (int i = 0; i < rounds; ++i) {
      const int value = co_await give(span, 1);
      sum += value;
    }
    span.look();
    CHECK(sum == rounds);
  });
}

TEST_CASE("a task that is done, in a loop") {
  stays_flat([](stack_span& span) -> coro<> {
    auto t = charkha::create_task(give(span, 1));
    co_await t;
    int sum = 0;
    for (int i = 0; i < rounds; ++i) {
      const int value = co_await t;
      sum += value;
    }
    span.look();
    CHECK(sum == rounds);
  });
}

TEST_CASE("a gather of tasks that are done, in a loop") {
  stays_flat([](stack_span& span) -> coro<> {
    auto a = charkha::create_task(give(span, 1));
    auto b = charkha::create_task(give(span, 2));
    co_await a;
    co_await b;
    int sum = 0;
    for (int i = 0; i < rounds; ++i) {
      const auto values = co_await charkha::gather(a, b);
      sum += std::get<0>(values);
    }
    span.look();
    CHECK(sum == rounds);
  });
}

TEST_CASE("a when_all of ready children, in a loop") {
  stays_flat([](stack_span& span) -> coro<> {
    for (int i = 0; i < rounds; ++i) co_await charkha::when_all(touch(span), touch(span));
    span.look();
  });
}

TEST_CASE("a when_all of 100,000 ready children") {
  stays_flat([](stack_span& span) -> coro<> {
    std::vector<coro<>> many;
    many.reserve(rounds);
    for (int i = 0; i < rounds; ++i) many.push_back(touch(span));
    co_await charkha::when_all(std::move(many));
    span.look();
  });
}

TEST_CASE("a when_any whose first child wins at once, in a loop") {
  stays_flat([](stack_span& span) -> coro<> {
    for (int i = 0; i < rounds; ++i) {
      const auto first = co_await charkha::when_any(give(span, 1), give(span, 2));
      if (first.index != 0) FAIL_CHECK("wrong winner");
    }
    span.look();
  });
}

TEST_CASE("a when_any of 100,000 ready children") {
  stays_flat([](stack_span& span) -> coro<> {
    std::vector<coro<>> many;
    many.reserve(rounds);
    for (int i = 0; i < rounds; ++i) many.push_back(touch(span));
    const auto first = co_await charkha::when_any(std::move(many));
    CHECK(first.index == 0);
    span.look();
  });
}

TEST_CASE("100,000 items of a generator, and through a pipeline of three") {
  struct stage {
    static generator<int> source(stack_span& span) {
      for (int i = 0; i < rounds; ++i) {
        span.look();
        const int item = co_await give(span, 1);
        co_yield item;
      }
    }
    static generator<int> twice(generator<int> input, stack_span& span) {
      while (auto* item = co_await input.next()) {
        span.look();
        co_yield 2 * *item;
      }
    }
  };
  stays_flat([](stack_span& span) -> coro<> {
    auto items = stage::twice(stage::twice(stage::source(span), span), span);
    int sum = 0;
    while (auto* item = co_await items.next()) {
      span.look();
      sum += *item;
    }
    CHECK(sum == 4 * rounds);
  });
}

TEST_CASE("100,000 generators that are asked for one item and closed, in a loop") {
  struct source {
    static generator<int> once(stack_span& span) {
      span.look();
      co_yield 1;
    }
  };
  stays_flat([](stack_span& span) -> coro<> {
    for (int i = 0; i < rounds; ++i) {
      auto items = source::once(span);
      co_await items.next();
      co_await items.close();
    }
    span.look();
  });
}

TEST_CASE("100,000 coros that await each other: down and up again without a turn") {
  struct chain {
    static coro<int> link(stack_span& span, int left) {
      span.look();
      if (left == 0) co_return 0;
      const int below = co_await link(span, left - 1);
      span.look();
      co_return below + 1;
    }
  };
  stays_flat([](stack_span& span) -> coro<> {
    const int depth = co_await chain::link(span, rounds);
    CHECK(depth == rounds);
  });
}

TEST_CASE("a chain of 100,000 tasks that await each other completes from its end") {
  stays_flat([](stack_span& span) -> coro<> {
    auto link = [](task<int> inner, stack_span& probe) -> coro<int> {
      const int below = co_await inner;
      probe.look();
      co_return below + 1;
    };
    auto last = charkha::create_task(give(span, 0));
    for (int i = 0; i < rounds; ++i) last = charkha::create_task(link(std::move(last), span));
    const int length = co_await last;
    CHECK(length == rounds);
  });
}

TEST_CASE("an exception that passes through 10,000 coros") {
  struct chain {
    static coro<> link(stack_span& span, int left) {
      span.look();
      if (left == 0) throw charkha::cancelled_error("from below");
      co_await link(span, left - 1);
    }
  };
  stays_flat([](stack_span& span) -> coro<> {
    bool caught = false;
    try {
      co_await chain::link(span, 10'000);
    } catch (const charkha::cancelled_error&) {
      caught = true;
      span.look();
    }
    CHECK(caught);
  });
}

TEST_CASE("timeouts around ready bodies, and yields, in a loop") {
  stays_flat([](stack_span& span) -> coro<> {
    auto ready = [&span]() -> coro<int> { return give(span, 1); };
    for (int i = 0; i < rounds / 10; ++i) {
      const int value = co_await charkha::timeout(std::chrono::hours(1), ready);
      if (value != 1) FAIL_CHECK("wrong value");
      co_await charkha::yield();
    }
    span.look();
  });
}
