// SPDX-License-Identifier: Apache-2.0
// examples/actor.cpp
// One task owns an account, so that nobody needs a lock. Others ask it through a queue, each request with a oneshot for
// the reply; a broadcast tells auditors of every change, and a watch tells whoever looks how the balance stands.
#include <cstdio>
#include <utility>
#include <vector>

#include <charkha/charkha.hpp>

struct deposit {
  deposit(int of, charkha::oneshot_sender<int> to) noexcept : amount(of), reply(std::move(to)) {}
  int amount;
  charkha::oneshot_sender<int> reply;
};

charkha::coro<> account(charkha::queue<deposit>& requests, charkha::broadcast<int>& changes,
                        charkha::watch<int>& balance) {
  try {
    for (;;) {
      auto next = co_await requests.get();
      const int now = balance.get() + next.amount;
      balance.send(now);
      changes.send(next.amount);
      next.reply.send(now);  // false if the one who asked has given up
    }
  } catch (const charkha::queue_shutdown&) {  // closing time
    changes.close();
  }
}

charkha::coro<int> pay_in(charkha::queue<deposit>& requests, int amount) {
  auto [sender, receiver] = charkha::create_oneshot<int>();
  deposit request(amount, std::move(sender));
  co_await requests.put(std::move(request));
  co_return co_await receiver.receive();
}

charkha::coro<int> audit(charkha::broadcast_receiver<int> changes) {
  int sum = 0;
  try {
    for (;;) sum += co_await changes.receive();
  } catch (const charkha::channel_closed&) {  // no more changes
  }
  co_return sum;
}

charkha::coro<> tell_when_rich(charkha::watch_receiver<int> balance) {
  const int reached = co_await balance.wait([](int now) { return now >= 1000; });
  std::printf("the balance has reached %d\n", reached);
}

charkha::coro<int> async_main() {
  charkha::queue<deposit> requests(8);
  charkha::broadcast<int> changes(1000);
  charkha::watch<int> balance(0);
  auto told = charkha::create_task(tell_when_rich(balance.subscribe()));
  auto auditor = charkha::create_task(audit(changes.subscribe()));
  auto owner = charkha::create_task(account(requests, changes, balance));

  std::vector<charkha::task<int>> payments;
  for (int amount = 1; amount <= 100; ++amount) payments.push_back(charkha::create_task(pay_in(requests, amount)));
  co_await charkha::gather(payments);
  co_await told;
  requests.shutdown();
  co_await owner;
  const int audited = co_await auditor;
  std::printf("balance %d, audited %d\n", balance.get(), audited);
  co_return audited == balance.get() ? 0 : 1;
}

int main() { return charkha::run(async_main(), {.workers = 4}); }
