// SPDX-License-Identifier: Apache-2.0
// examples/strand.cpp
// A chat room on four workers without a lock: what touches the room runs on its strand, one task at a time; what does
// not, runs anywhere.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

class chat_room {
 public:
  charkha::task<std::size_t> say(std::string text) { return strand_.create_task(add(std::move(text))); }
  charkha::task<std::vector<std::string>> history() { return strand_.create_task(copy()); }

 private:
  charkha::coro<std::size_t> add(std::string text) {
    lines_.push_back(std::move(text));  // nobody else is in here: between two awaits the strand is ours
    co_return lines_.size();
  }
  charkha::coro<std::vector<std::string>> copy() { co_return lines_; }

  charkha::strand strand_;
  std::vector<std::string> lines_;
};

charkha::coro<> guest(chat_room& room, int number) {
  for (int i = 1; i <= 50; ++i) {
    co_await charkha::sleep(100us);  // thinks, beside all the others
    auto said = room.say("guest " + std::to_string(number) + ": line " + std::to_string(i));
    co_await said;
  }
}

charkha::coro<std::size_t> async_main() {
  chat_room room;
  std::vector<charkha::coro<>> guests;
  for (int i = 1; i <= 8; ++i) guests.push_back(guest(room, i));
  co_await charkha::gather(std::move(guests));
  const auto lines = co_await room.history();
  std::printf("%zu lines, the last one by %s\n", lines.size(), lines.back().c_str());
  co_return lines.size();
}

int main() { return charkha::run(async_main(), {.workers = 4}) == 400 ? 0 : 1; }
