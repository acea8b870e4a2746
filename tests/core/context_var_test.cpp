// SPDX-License-Identifier: Apache-2.0
// A variable with a value for each task.
#include "charkha/context_var.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "charkha/context.hpp"
#include "charkha/create_task.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::context;
using charkha::context_var;
using charkha::coro;
using charkha::test::crank;
using charkha::test::gate;

namespace {

class refuses_copies {
 public:
  explicit refuses_copies(bool throws) : throws_(throws) {}
  refuses_copies(const refuses_copies& other) : throws_(other.throws_) {
    if (throws_) throw std::runtime_error("copy");
  }

 private:
  bool throws_;
};

}  // namespace

TEST_CASE("without a value get() gives the default, get_or() what it is given, or it is a usage_error with the name") {
  const context_var<int> with("with", 5), without("the name");
  CHECK(with.get() == 5);
  CHECK(with.get_or(7) == 7);
  CHECK(without.get_or(8) == 8);
  CHECK(without.name() == "the name");
  std::string message;
  try {
    static_cast<void>(without.get());
  } catch (const charkha::usage_error& error) {
    message = error.what();
  }
  CHECK(message.find("the name") != std::string::npos);
}

TEST_CASE("set() and reset() nest; the token knows what was there before") {
  const context scope;
  scope.run([] {
    const context_var<std::string> variable("v");
    const auto first = variable.set("a");
    CHECK_FALSE(first.old_value().has_value());
    const auto second = variable.set("b");
    CHECK(second.old_value() == "a");
    CHECK(variable.get() == "b");
    variable.reset(second);
    CHECK(variable.get() == "a");
    variable.reset(first);
    CHECK(variable.get_or("none") == "none");
  });
}

TEST_CASE("variables of one type do not meet, not even one that comes after another has gone") {
  const context scope;
  scope.run([] {
    const context_var<int> a("same", 0), b("same", 0);
    a.set(1);
    CHECK(b.get() == 0);
    for (int i = 0; i < 100; ++i) {
      const context_var<int> passing("passing", -1);
      CHECK(passing.get() == -1);
      passing.set(i);
    }
    CHECK(a.get() == 1);
  });
}

TEST_CASE("a value that cannot be copied in changes nothing") {
  const context scope;
  scope.run([] {
    const context_var<refuses_copies> variable("v");
    variable.set(refuses_copies(false));
    CHECK_THROWS_AS(variable.set(refuses_copies(true)), std::runtime_error);
    CHECK_NOTHROW(static_cast<void>(variable.get()));
  });
}

TEST_CASE("a hundred tasks that take turns keep a hundred values") {
  crank wheel;
  const context_var<int> variable("v", -1);
  std::vector<gate> gates(3);
  auto body = [](const context_var<int>& v, std::vector<gate>& at, int mine) -> coro<int> {
    int wrong = v.get() == -1 ? 0 : 1;
    v.set(mine);
    for (auto& each : at) {
      co_await each.wait();
      if (v.get() != mine) ++wrong;
      v.set(mine);
    }
    co_return wrong;
  };
  std::vector<charkha::task<int>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(wheel.start(body(variable, gates, i)));
  for (auto& each : gates) {
    wheel.run();
    each.open();
  }
  wheel.run();
  for (const auto& each : tasks) CHECK(each.result() == 0);
}

TEST_CASE("each thread has values of its own; a shared context may be set by many threads at once") {
  const context shared;
  const context_var<int> mine("mine", 0), everybodys("everybody's", 0);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 500; ++round) {
        mine.set(i);
        shared.run([&] { everybodys.set(i); });
        const int seen = shared.run([&] { return everybodys.get(); });
        if (mine.get() != i || seen < 0 || seen > 3) ++wrong[static_cast<std::size_t>(i)];
      }
    });
  }
  for (auto& each : threads) each.join();
  CHECK(wrong == std::vector<int>(4, 0));
  CHECK(mine.get() == 0);
}

TEST_CASE("two variables that two threads set in one shared context are both there: none is lost") {
  for (int round = 0; round < 100; ++round) {
    const context shared;
    const context_var<int> a("a", 0), b("b", 0);
    std::thread other([&] { shared.run([&] { a.set(1); }); });
    shared.run([&] { b.set(2); });
    other.join();
    REQUIRE(shared.run([&] { return a.get() + b.get(); }) == 3);
  }
}
