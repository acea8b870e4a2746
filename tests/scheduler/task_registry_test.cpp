// SPDX-License-Identifier: Apache-2.0
// The list of all tasks of a runtime.
#include "task_registry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "charkha/coro.hpp"
#include "support/inert_executor.hpp"

using charkha::detail::intrusive_ptr;
using charkha::detail::pending_look;
using charkha::detail::pending_walk;
using charkha::detail::task_block;
using charkha::detail::task_registry;

namespace {

/// Lists its tasks in a registry and remembers whether the last one has gone.
struct registrar final : charkha::test::inert_executor {
  void delist(task_block& task) noexcept override {
    if (registry.remove(task)) last_gone.fetch_add(1);
  }

  /// A task that nobody runs, with one handle.
  intrusive_ptr<task_block> make(std::size_t creator) {
    auto body = []() -> charkha::coro<> { co_return; }();
    auto* block = new charkha::detail::typed_task_block<void>(*this, charkha::detail::coro_access::release(body),
                                                              std::source_location::current());
    CHECK(registry.add(*block, creator));
    return intrusive_ptr<task_block>::adopt(*block);
  }

  task_registry registry;
  std::atomic<int> last_gone{0};
};

std::vector<const task_block*> pending(const task_registry& registry) {
  std::vector<const task_block*> found;
  for (const auto& each : registry.pending()) found.push_back(each.get());
  return found;
}

}  // namespace

TEST_CASE("an empty registry has nothing pending, and closing it says that nothing is left") {
  task_registry registry;
  CHECK(registry.pending().empty());
  registry.refuse_all();
  CHECK(registry.close());
}

TEST_CASE("pending gives the tasks of a creator in the order of their creation, without those that are complete") {
  registrar runtime;
  auto a = runtime.make(3);
  auto b = runtime.make(3);
  auto c = runtime.make(3);
  CHECK(pending(runtime.registry) == std::vector<const task_block*>{a.get(), b.get(), c.get()});
  b->abandon();
  CHECK(pending(runtime.registry) == std::vector<const task_block*>{a.get(), c.get()});
  a->abandon();
  c->abandon();
  CHECK(runtime.registry.pending().empty());
}

TEST_CASE("a pending reference keeps the block; the runtime's alone does, too") {
  registrar runtime;
  auto a = runtime.make(task_registry::outside);
  const task_block* address = a.get();
  a = intrusive_ptr<task_block>();
  auto found = runtime.registry.pending();
  CHECK(found.size() == 1);
  CHECK(found[0].get() == address);
  found[0]->abandon();
  CHECK(found[0]->is_complete());
}

TEST_CASE("tasks come out of the middle, the front and the back of their list") {
  registrar runtime;
  for (std::size_t gone = 0; gone < 3; ++gone) {
    std::vector<intrusive_ptr<task_block>> all;
    for (int i = 0; i < 3; ++i) all.push_back(runtime.make(0));
    std::vector<const task_block*> expected;
    for (std::size_t i = 0; i < 3; ++i) {
      if (i != gone) expected.push_back(all[i].get());
    }
    all[gone]->abandon();
    all[gone] = intrusive_ptr<task_block>();
    CHECK(pending(runtime.registry) == expected);
    for (auto& each : all) {
      if (each) each->abandon();
    }
  }
  CHECK(runtime.registry.pending().empty());
}

TEST_CASE("names are unique, whoever creates") {
  registrar runtime;
  std::vector<intrusive_ptr<task_block>> all;
  std::set<std::string> names;
  for (std::size_t creator = 0; creator < 40; ++creator) {
    for (int i = 0; i < 70; ++i) all.push_back(runtime.make(creator % 20 == 0 ? task_registry::outside : creator));
  }
  for (const auto& each : all) names.insert(each->name());
  CHECK(names.size() == all.size());
  CHECK(pending(runtime.registry).size() == all.size());
  for (auto& each : all) each->abandon();
}

TEST_CASE("a task is found by its number while its block is there, whoever created it") {
  registrar runtime;
  std::vector<intrusive_ptr<task_block>> tasks;
  for (std::size_t i = 0; i < 200; ++i) tasks.push_back(runtime.make(i % 7 == 0 ? task_registry::outside : i % 20));
  for (const auto& each : tasks) CHECK(runtime.registry.find(each->number).get() == each.get());
  std::uint64_t greatest = 0;
  for (const auto& each : tasks) greatest = std::max(greatest, each->number);
  CHECK_FALSE(runtime.registry.find(0));
  CHECK_FALSE(runtime.registry.find(greatest + 1));
  const std::uint64_t gone = tasks[100]->number;
  tasks[100]->abandon();
  CHECK(runtime.registry.find(gone));  // it has ended, but there is a handle
  tasks[100] = {};
  CHECK_FALSE(runtime.registry.find(gone));
  CHECK(runtime.registry.find(tasks[99]->number));
  for (const auto& each : tasks) {
    if (each) each->abandon();
  }
}

TEST_CASE("a task that is created in a list already visited, by one that ends before its own list is, is not missed") {
  registrar runtime;
  auto creator = runtime.make(8);
  pending_look look(runtime.registry);
  for (std::size_t shard = 0; shard < 5; ++shard) look.visit(shard);
  auto created = runtime.make(0);  // its list comes before the creator's
  creator->abandon();
  for (std::size_t shard = 5; shard < task_registry::shard_count; ++shard) look.visit(shard);
  CHECK(look.visit_all(10));
  const auto found = look.take();
  REQUIRE(found.size() == 1);
  CHECK(found[0].get() == created.get());
  created->abandon();
}

TEST_CASE(
    "each list is continued where its visit ended: nothing twice, complete ones left out, in the order of creation") {
  registrar runtime;
  auto a = runtime.make(3);
  auto b = runtime.make(3);
  auto gone = runtime.make(3);
  gone->abandon();  // the newest, complete when it is visited
  pending_look look(runtime.registry);
  for (std::size_t shard = 0; shard < task_registry::shard_count; ++shard) look.visit(shard);
  auto c = runtime.make(3);
  auto d = runtime.make(task_registry::outside);
  auto ended = runtime.make(3);
  ended->abandon();
  auto e = runtime.make(3);
  CHECK(look.visit_all(10));
  std::vector<const task_block*> found;
  for (const auto& each : look.take()) found.push_back(each.get());
  CHECK(found == std::vector<const task_block*>{a.get(), b.get(), d.get(), c.get(), e.get()});
  for (auto* each : {&a, &b, &c, &d, &e}) (*each)->abandon();
}

TEST_CASE("more new tasks than there is room for: nothing is taken, and another visit finds them") {
  registrar runtime;
  pending_look look(runtime.registry);
  for (std::size_t shard = 0; shard < task_registry::shard_count; ++shard) look.visit(shard);
  std::vector<intrusive_ptr<task_block>> all;
  for (std::size_t i = 0; i < 6; ++i) all.push_back(runtime.make(i % 2));
  CHECK_FALSE(look.visit_all(5));
  CHECK(look.visit_all(6));
  CHECK(look.take().size() == 6);
  pending_look again(runtime.registry);
  CHECK_FALSE(again.visit_all(5));
  for (std::size_t shard = 0; shard < task_registry::shard_count; ++shard) again.visit(shard);
  all.push_back(runtime.make(0));
  for (std::size_t shard = 0; shard < task_registry::shard_count; ++shard) again.visit(shard);
  CHECK(again.visit_all(0));
  CHECK(again.take().size() == 7);  // each once
  for (auto& each : all) each->abandon();
}

TEST_CASE("a relay whose runner hands over to a new one and ends is seen in every look, wherever it is") {
  registrar runtime;
  constexpr std::size_t relays = 2, others = 300;
  // In the lists between, so that a look takes longer there than a relay to change hands.
  std::vector<intrusive_ptr<task_block>> resting;
  for (std::size_t i = 0; i < others; ++i) resting.push_back(runtime.make(4 + i % 5));
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> running{0};
  std::vector<std::thread> crowd;
  for (std::size_t relay = 0; relay < relays; ++relay) {
    crowd.emplace_back([&, relay] {
      // From a late list to an early one, against the order in which a look visits them, and back.
      std::size_t at = 14 - relay;
      auto task = runtime.make(at);
      ++running;
      while (!stop) {
        at = 14 - at;
        auto next = runtime.make(at);
        task->abandon();
        task = std::move(next);
      }
      task->abandon();
    });
  }
  while (running < relays) std::this_thread::yield();
  std::size_t fewest = relays + others;
  for (int i = 0; i < 3000; ++i) fewest = std::min(fewest, runtime.registry.pending().size());
  stop = true;
  for (auto& thread : crowd) thread.join();
  CHECK(fewest == relays + others);
  for (auto& each : resting) each->abandon();
  CHECK(runtime.registry.pending().empty());
}

TEST_CASE("refusing: first those from outside, then everybody") {
  registrar runtime;
  auto make_unlisted = [&runtime] {
    auto body = []() -> charkha::coro<> { co_return; }();
    return std::pair(std::make_unique<charkha::detail::typed_task_block<void>>(
                         runtime, charkha::detail::coro_access::frame(body), std::source_location::current()),
                     std::move(body));
  };
  runtime.registry.refuse_outside();
  auto refused = make_unlisted();
  CHECK_FALSE(runtime.registry.add(*refused.first, task_registry::outside));
  auto admitted = runtime.make(15);  // shares its list with those from outside
  runtime.registry.refuse_all();
  CHECK_FALSE(runtime.registry.add(*refused.first, 3));
  CHECK(runtime.registry.pending().size() == 1);
  admitted->abandon();
}

TEST_CASE("a closed registry says once when the last block goes") {
  registrar runtime;
  auto a = runtime.make(1);
  auto b = runtime.make(2);
  a->abandon();
  b->abandon();
  runtime.registry.refuse_all();
  CHECK_FALSE(runtime.registry.close());
  a = intrusive_ptr<task_block>();
  CHECK(runtime.last_gone == 0);
  b = intrusive_ptr<task_block>();
  CHECK(runtime.last_gone == 1);
}

TEST_CASE("threads add, drop and look at once; closing against dropping says it exactly once") {
  for (int round = 0; round < 30; ++round) {
    registrar runtime;
    std::atomic<int> made{0};
    std::vector<std::thread> crowd;
    std::vector<std::vector<intrusive_ptr<task_block>>> kept(3);
    for (std::size_t t = 0; t < 3; ++t) {
      crowd.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          auto task = runtime.make(t);
          task->abandon();
          if (i % 4 == 0) kept[t].push_back(std::move(task));
          made.fetch_add(1);
        }
      });
    }
    while (made.load() < 300) {
      for (const auto& each : runtime.registry.pending()) static_cast<void>(each->is_complete());
    }
    for (auto& thread : crowd) thread.join();
    runtime.registry.refuse_all();
    crowd.clear();
    for (std::size_t t = 0; t < 3; ++t) crowd.emplace_back([&, t] { kept[t].clear(); });
    const bool none_left = runtime.registry.close();
    for (auto& thread : crowd) thread.join();
    CHECK((none_left ? 1 : 0) + runtime.last_gone == 1);
  }
}

TEST_CASE("a walk gives the pending tasks one by one, as they are when their turn comes, oldest first") {
  registrar runtime;
  std::vector<intrusive_ptr<task_block>> all;
  for (int i = 0; i < 5; ++i) all.push_back(runtime.make(3));
  runtime.registry.refuse_all();
  all[0]->abandon();
  pending_walk walk(runtime.registry);
  CHECK(walk.next().get() == all[1].get());
  all[2]->abandon();  // complete before its turn
  all[1]->abandon();
  all[1] = {};  // gone behind the walk, which stands on it
  CHECK(walk.next().get() == all[3].get());
  all[4]->abandon();
  all[4] = {};
  CHECK_FALSE(walk.next());
  CHECK_FALSE(walk.next());
  all[3]->abandon();
}

TEST_CASE("a walk goes through the lists of all creators") {
  registrar runtime;
  std::set<const task_block*> expected, found;
  std::vector<intrusive_ptr<task_block>> all;
  for (std::size_t creator = 0; creator < 40; ++creator) {
    all.push_back(runtime.make(creator % 5 == 0 ? task_registry::outside : creator));
    expected.insert(all.back().get());
  }
  runtime.registry.refuse_all();
  pending_walk walk(runtime.registry);
  while (const auto each = walk.next()) found.insert(each.get());
  CHECK(found == expected);
  for (auto& each : all) each->abandon();
}
