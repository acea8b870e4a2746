// SPDX-License-Identifier: Apache-2.0
// The checker, checked: the classic small programs of the memory model. Each says which results there are, all of them:
// the weak ones that C++ allows must be found, and those that it forbids must not.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "checker/atomic.hpp"
#include "checker/scenario.hpp"

using charkha::model::atomic;
using charkha::model::explore;
using charkha::model::scenario;
using enum std::memory_order;

namespace {

using outcomes = std::set<std::string>;

std::string text(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += std::to_string(value);
  return out;
}

outcomes store_buffering(std::memory_order put, std::memory_order get) {
  const auto found = explore({.name = "store buffering"}, [=](scenario& run) {
    atomic<int> x{0}, y{0};
    int a = 0, b = 0;
    run.thread("left", [&] {
      x.store(1, put);
      a = y.load(get);
    });
    run.thread("right", [&] {
      y.store(1, put);
      b = x.load(get);
    });
    run.join();
    run.outcome(text({a, b}));
  });
  CHECK(found.holds());
  return found.outcomes;
}

outcomes message_passing(std::memory_order put, std::memory_order get) {
  const auto found = explore({.name = "message passing"}, [=](scenario& run) {
    atomic<int> cargo{0}, sent{0};
    int a = 0, b = 0;
    run.thread("sender", [&] {
      cargo.store(1, relaxed);
      sent.store(1, put);
    });
    run.thread("receiver", [&] {
      a = sent.load(get);
      b = cargo.load(relaxed);
    });
    run.join();
    run.outcome(text({a, b}));
  });
  CHECK(found.holds());
  return found.outcomes;
}

outcomes independent_reads(std::memory_order put, std::memory_order get) {
  const auto found = explore({.name = "independent reads of independent writes"}, [=](scenario& run) {
    atomic<int> x{0}, y{0};
    int a = 0, b = 0, c = 0, d = 0;
    run.thread("x", [&] { x.store(1, put); });
    run.thread("y", [&] { y.store(1, put); });
    run.thread("x, then y", [&] {
      a = x.load(get);
      b = y.load(get);
    });
    run.thread("y, then x", [&] {
      c = y.load(get);
      d = x.load(get);
    });
    run.join();
    run.outcome(text({a, b, c, d}));
  });
  CHECK(found.holds());
  return found.outcomes;
}

outcomes two_plus_two_writes(std::memory_order put) {
  const auto found = explore({.name = "2+2W"}, [=](scenario& run) {
    atomic<int> x{0}, y{0};
    run.thread("left", [&] {
      x.store(1, put);
      y.store(2, put);
    });
    run.thread("right", [&] {
      y.store(1, put);
      x.store(2, put);
    });
    run.join();
    run.outcome(text({x.load(relaxed), y.load(relaxed)}));
  });
  CHECK(found.holds());
  return found.outcomes;
}

// A program for three threads, drawn at random: what each thread reads is its result.
struct random_program {
  enum class kind : std::uint8_t { load, store, add, exchange_if, count };
  struct step {
    kind what;
    std::size_t variable;
    std::memory_order order;
  };

  explicit random_program(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t limit) { return static_cast<std::size_t>(random() % limit); };
    for (auto& thread : threads) {
      for (auto& each : thread) {
        each.what = static_cast<kind>(below(4));
        each.variable = below(2);
        const bool loads = each.what != kind::store, stores = each.what != kind::load;
        std::vector<std::memory_order> orders{relaxed, seq_cst};
        if (loads) orders.push_back(acquire);
        if (stores) orders.push_back(release);
        if (loads && stores) orders.push_back(acq_rel);
        each.order = orders[below(orders.size())];
      }
    }
  }

  [[nodiscard]] std::set<std::string> results(bool reduce) const {
    const auto found = explore({.name = "random program", .reduce = reduce}, [&](scenario& run) {
      std::array<atomic<int>, 2> variables{};
      std::array<std::string, 3> read;
      const auto go = [&](std::size_t thread) {
        int stored = static_cast<int>(thread);
        for (std::size_t i = 0; i < (thread == 2 ? 2U : 3U); ++i) {
          const step& each = threads[thread][i];
          auto& x = variables[each.variable];
          int met = 0;
          switch (each.what) {
            case kind::load:
              met = x.load(each.order);
              break;
            case kind::store:
              x.store(stored += 3, each.order);
              break;
            case kind::add:
              met = x.fetch_add(10, each.order);
              break;
            default:
              x.compare_exchange_strong(met, stored += 3, each.order, relaxed);
              break;
          }
          read[thread] += std::to_string(met) + " ";
        }
      };
      for (std::size_t i = 0; i < 3; ++i) run.thread("reader and writer", [&go, i] { go(i); });
      run.join();
      run.outcome(read[0] + "| " + read[1] + "| " + read[2] + "| " + std::to_string(variables[0].load(relaxed)) + " " +
                  std::to_string(variables[1].load(relaxed)));
    });
    CHECK(found.holds());
    return found.outcomes;
  }

  std::array<std::array<step, 3>, 3> threads;
};

}  // namespace

TEST_CASE("the executions that are left out had no result of their own") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const random_program program(seed);
    CHECK(program.results(true) == program.results(false));
  }
}

TEST_CASE("store buffering: both may miss the other, unless all is sequentially consistent") {
  CHECK(store_buffering(relaxed, relaxed) == outcomes{"00", "01", "10", "11"});
  CHECK(store_buffering(release, acquire) == outcomes{"00", "01", "10", "11"});
  CHECK(store_buffering(seq_cst, seq_cst) == outcomes{"01", "10", "11"});
  CHECK(store_buffering(release, seq_cst).contains("00"));
  CHECK(store_buffering(seq_cst, acquire).contains("00"));
}

TEST_CASE("message passing: the flag without the message, unless one releases and the other acquires") {
  CHECK(message_passing(relaxed, relaxed) == outcomes{"00", "01", "10", "11"});
  CHECK(message_passing(release, relaxed).contains("10"));
  CHECK(message_passing(relaxed, acquire).contains("10"));
  CHECK(message_passing(release, acquire) == outcomes{"00", "01", "11"});
  CHECK(message_passing(seq_cst, seq_cst) == outcomes{"00", "01", "11"});
}

TEST_CASE("independent reads of independent writes: the readers may disagree, unless all is sequentially consistent") {
  CHECK(independent_reads(release, acquire).contains("1010"));
  CHECK(independent_reads(relaxed, relaxed).contains("1010"));
  const auto sequential = independent_reads(seq_cst, seq_cst);
  CHECK_FALSE(sequential.contains("1010"));
  CHECK(sequential.contains("1011"));
  CHECK(sequential.contains("1111"));
  CHECK(sequential.size() == 15);
}

TEST_CASE("2+2W: the modification orders may disagree with both programs, unless they are sequentially consistent") {
  CHECK(two_plus_two_writes(relaxed) == outcomes{"11", "12", "21", "22"});
  CHECK(two_plus_two_writes(release) == outcomes{"11", "12", "21", "22"});
  CHECK(two_plus_two_writes(seq_cst) == outcomes{"12", "21", "22"});
}

TEST_CASE("load buffering is not modelled: a load never reads a store that has not been executed") {
  const auto found = explore({.name = "load buffering"}, [](scenario& run) {
    atomic<int> x{0}, y{0};
    int a = 0, b = 0;
    run.thread("left", [&] {
      a = x.load(relaxed);
      y.store(1, relaxed);
    });
    run.thread("right", [&] {
      b = y.load(relaxed);
      x.store(1, relaxed);
    });
    run.join();
    run.outcome(text({a, b}));
  });
  CHECK(found.holds());
  CHECK(found.outcomes == outcomes{"00", "01", "10"});  // C++ allows 11
}

TEST_CASE("coherence: two loads of one variable do not go back, not even relaxed ones") {
  const auto found = explore({.name = "coherence of two loads"}, [](scenario& run) {
    atomic<int> x{0};
    int a = 0, b = 0;
    run.thread("writer", [&] {
      x.store(1, relaxed);
      x.store(2, relaxed);
    });
    run.thread("reader", [&] {
      a = x.load(relaxed);
      b = x.load(relaxed);
    });
    run.join();
    run.outcome(text({a, b}));
  });
  CHECK(found.holds());
  CHECK(found.outcomes == outcomes{"00", "01", "02", "11", "12", "22"});
}

TEST_CASE("coherence: a thread's own stores stay in their order, and it reads the last of them or a later one") {
  const auto found = explore({.name = "coherence of two stores"}, [](scenario& run) {
    atomic<int> x{0};
    int a = 0;
    run.thread("left", [&] {
      x.store(1, relaxed);
      x.store(2, relaxed);
      a = x.load(relaxed);
    });
    run.thread("right", [&] { x.store(3, relaxed); });
    run.join();
    run.outcome(text({a, x.load(relaxed)}));
  });
  CHECK(found.holds());
  CHECK(found.outcomes == outcomes{"22", "23", "33"});
}

TEST_CASE("what happens before cannot be overlooked: a store that was read is older than the next") {
  const auto found = explore({.name = "read, then write"}, [](scenario& run) {
    atomic<int> x{0};
    run.thread("first", [&] { x.store(1, relaxed); });
    run.thread("second", [&] {
      if (x.load(relaxed) == 1) x.store(2, relaxed);
    });
    run.join();
    run.outcome(text({x.load(relaxed)}));
  });
  CHECK(found.holds());
  CHECK(found.outcomes == outcomes{"1", "2"});
}

TEST_CASE("read-modify-writes are atomic") {
  const auto found = explore({.name = "three increments"}, [](scenario& run) {
    atomic<int> x{0};
    for (const char* name : {"first", "second", "third"}) {
      run.thread(name, [&] { x.fetch_add(1, relaxed); });
    }
    run.join();
    run.check(x.load(relaxed) == 3, "each counts");
  });
  CHECK(found.holds());

  const auto split = explore({.name = "three increments that are not atomic"}, [](scenario& run) {
    atomic<int> x{0};
    for (const char* name : {"first", "second", "third"}) {
      run.thread(name, [&] { x.store(x.load(seq_cst) + 1, seq_cst); });
    }
    run.join();
    run.outcome(text({x.load(relaxed)}));
  });
  CHECK(split.outcomes == outcomes{"1", "2", "3"});
}

TEST_CASE("a compare-exchange takes one winner; a weak one may fail for no reason, a strong one may not") {
  const auto winners = [](bool weak, unsigned spurious) {
    const auto found = explore({.name = "compare-exchange", .spurious_failures = spurious}, [=](scenario& run) {
      atomic<int> x{0};
      const auto attempt = [&](int by) {
        int expected = 0;
        return weak ? x.compare_exchange_weak(expected, by, relaxed, relaxed)
                    : x.compare_exchange_strong(expected, by, relaxed, relaxed);
      };
      bool a = false, b = false;
      run.thread("a", [&] { a = attempt(1); });
      run.thread("b", [&] { b = attempt(2); });
      run.join();
      run.outcome(text({(a ? 1 : 0) + (b ? 1 : 0)}));
    });
    CHECK(found.holds());
    return found.outcomes;
  };
  CHECK(winners(false, 2) == outcomes{"1"});
  CHECK(winners(true, 1) == outcomes{"1"});
  CHECK(winners(true, 2) == outcomes{"0", "1"});
}

TEST_CASE("a release sequence goes on through read-modify-writes, and not through another thread's store") {
  const auto cargo_seen = [](bool by_increment) {
    const auto found = explore({.name = "release sequence"}, [=](scenario& run) {
      atomic<int> cargo{0}, flag{0};
      int a = 0, b = 0;
      run.thread("sender", [&] {
        cargo.store(1, relaxed);
        flag.store(1, release);
      });
      run.thread("between", [&] {
        if (by_increment) {
          flag.fetch_add(1, relaxed);
        } else if (flag.load(relaxed) == 1) {
          flag.store(2, relaxed);
        }
      });
      run.thread("receiver", [&] {
        a = flag.load(acquire);
        b = cargo.load(relaxed);
      });
      run.join();
      if (a == 2) run.outcome(text({b}));
    });
    CHECK(found.holds());
    return found.outcomes;
  };
  CHECK(cargo_seen(true) == outcomes{"1"});
  CHECK(cargo_seen(false) == outcomes{"0", "1"});
}

TEST_CASE("happens-before is transitive, also through a thread that only hands it on") {
  const auto found = explore({.name = "hand over hand"}, [](scenario& run) {
    int cargo = 0;
    atomic<int> first{0}, second{0};
    run.thread("a", [&] {
      cargo = 1;
      first.store(1, release);
    });
    run.thread("b", [&] {
      if (first.load(acquire) == 1) second.store(1, release);
    });
    run.thread("c", [&] {
      if (second.load(acquire) == 1) run.check(cargo == 1, "delivered");
    });
    run.join();
  });
  CHECK(found.holds());
}

TEST_CASE("data races are found, whichever access comes first, and only where they are") {
  const auto passes = [](std::memory_order put, std::memory_order get) {
    return explore({.name = "plain data behind a flag"}, [=](scenario& run) {
      int cargo = 0;
      atomic<bool> sent{false};
      run.thread("sender", [&] {
        cargo = 1;
        sent.store(true, put);
      });
      run.thread("receiver", [&] {
        if (sent.load(get)) run.check(cargo == 1, "delivered");
      });
      run.join();
    });
  };
  CHECK(passes(release, acquire).holds());
  CHECK(passes(relaxed, acquire).failure.find("data race") != std::string::npos);
  CHECK(passes(release, relaxed).failure.find("data race") != std::string::npos);

  const auto two_writers = explore({.name = "two writers of neighbours, then of one"}, [](scenario& run) {
    struct {
      bool mine = false, yours = false;
    } cells;
    run.thread("a", [&] { cells.mine = true; });
    run.thread("b", [&] { cells.yours = true; });
    run.join();
  });
  CHECK(two_writers.holds());
  const auto one_cell = explore({.name = "two writers of one cell"}, [](scenario& run) {
    int cell = 0;
    run.thread("a", [&] { cell = 1; });
    run.thread("b", [&] { cell = 2; });
    run.join();
  });
  CHECK(one_cell.failure.find("data race") != std::string::npos);
}

TEST_CASE("memory that was freed is not touched: found also where its address would not have come back") {
  const auto found = explore({.name = "freed too early"}, [](scenario& run) {
    auto* cell = new atomic<int>(0);
    atomic<int> left{2};
    const auto use = [&] {
      cell->fetch_add(1, relaxed);
      if (left.fetch_sub(1, relaxed) == 1) delete cell;  // must be acq_rel
    };
    run.thread("a", use);
    run.thread("b", use);
    run.join();
  });
  CHECK_FALSE(found.failure.empty());
}

TEST_CASE("publishing by a relaxed pointer is a race with the construction") {
  const auto publish = [](std::memory_order put) {
    return explore({.name = "publishing a pointer"}, [=](scenario& run) {
      atomic<int*> where{nullptr};
      std::unique_ptr<int> owned;
      run.thread("maker", [&] {
        owned = std::make_unique<int>(7);
        where.store(owned.get(), put);
      });
      run.thread("user", [&] {
        if (int* at = where.load(acquire)) run.check(*at == 7, "constructed");
      });
      run.join();
    });
  };
  CHECK(publish(release).holds());
  CHECK(publish(relaxed).failure.find("data race") != std::string::npos);
}

TEST_CASE("deadlock: threads that wait for each other are found, with who does") {
  const auto found = explore({.name = "two spins that wait for each other"}, [](scenario& run) {
    atomic<bool> x{false}, y{false};
    run.thread("left", [&] {
      while (!x.load(acquire)) charkha::model::pause();
      y.store(true, release);
    });
    run.thread("right", [&] {
      while (!y.load(acquire)) charkha::model::pause();
      x.store(true, release);
    });
    run.join();
  });
  CHECK(found.failure.find("deadlock") != std::string::npos);
  CHECK(found.failure.find("left spins") != std::string::npos);
}

TEST_CASE("a spin loop ends when what it waits for comes, although its loads may be stale for a while") {
  const auto found = explore({.name = "a spin that ends"}, [](scenario& run) {
    int cargo = 0;
    atomic<bool> sent{false};
    run.thread("waiter", [&] {
      while (!sent.load(acquire)) {
        charkha::model::pause();
        charkha::model::pause();
      }
      run.check(cargo == 1, "delivered");
    });
    run.thread("sender", [&] {
      cargo = 1;
      sent.store(true, release);
    });
    run.join();
  });
  CHECK(found.holds());
}

TEST_CASE("std::atomic in code compiled for the checker is checked as well") {
  for (const bool right : {true, false}) {
    const auto found = explore({.name = "std::atomic"}, [=](scenario& run) {
      int cargo = 0;
      std::atomic<int> sent{0};
      run.thread("sender", [&] {
        cargo = 1;
        sent.store(1, right ? release : relaxed);
      });
      run.thread("receiver", [&] {
        if (sent.load(acquire) == 1) run.check(cargo == 1, "delivered");
      });
      run.join();
    });
    CHECK(found.failure.empty() == right);
  }
}

TEST_CASE("a failing execution prints what replays it, and the replay is the same execution") {
  const auto body = [](scenario& run) {
    atomic<int> x{0}, y{0};
    int a = 1, b = 1;
    run.thread("left", [&] {
      x.store(1, release);
      a = y.load(acquire);
    });
    run.thread("right", [&] {
      y.store(1, release);
      b = x.load(acquire);
    });
    run.join();
    run.check(a + b > 0, "one sees the other");
  };
  const auto found = explore({.name = "to be replayed"}, body);
  REQUIRE_FALSE(found.failure.empty());
  CHECK(found.failure.find("stale") != std::string::npos);
  CHECK(found.failure.find("litmus_test.cpp") != std::string::npos);
  const auto again = explore({.name = "replayed", .replay = found.replay.c_str()}, body);
  CHECK(again.executions == 1);
  CHECK(again.failure == found.failure);
  const auto lucky = explore({.name = "found by chance", .random = 1000, .seed = 7}, body);
  CHECK_FALSE(lucky.failure.empty());
  const auto lucky_again = explore({.name = "and replayed", .replay = lucky.replay.c_str()}, body);
  CHECK(lucky_again.failure == lucky.failure);
}

TEST_CASE("a bound on preemptions leaves executions out, and says so") {
  const auto within = [](unsigned preemptions) {
    return explore({.name = "three steps that must interleave", .preemptions = preemptions},
                   [](scenario& run) {
                     atomic<int> x{0};
                     run.thread("steps", [&] {
                       x.store(1, seq_cst);
                       x.store(2, seq_cst);
                       x.store(3, seq_cst);
                     });
                     run.thread("looks", [&] {
                       const int a = x.load(seq_cst), b = x.load(seq_cst);
                       if (a == 1 && b == 2) run.outcome("seen");
                     });
                     run.join();
                   })
        .outcomes.size();
  };
  CHECK(within(0) == 0);
  CHECK(within(2) == 0);
  CHECK(within(3) == 1);
  CHECK(within(charkha::model::options::unbounded) == 1);
}
