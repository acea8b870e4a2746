// SPDX-License-Identifier: Apache-2.0
// examples/cancellation_cleanup.cpp
// A deadline passes in the middle of a transfer. What was half done is taken back first, which takes awaits of its own;
// only then does the caller learn that it was too late.
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

using journal = std::vector<std::string>;

charkha::coro<> transfer(journal& log) {
  std::exception_ptr failure;
  try {
    log.emplace_back("debited");
    co_await charkha::sleep(1h);  // the other bank does not answer
    log.emplace_back("credited");
  } catch (...) {  // an error or a cancellation: what was begun must go back
    failure = std::current_exception();
  }
  if (!failure) co_return;
  co_await charkha::sleep(10ms);  // no await can stand in a catch block; here it can, and is not disturbed
  log.emplace_back("taken back");
  std::rethrow_exception(failure);
}

charkha::coro<journal> async_main() {
  journal log;
  try {
    co_await charkha::timeout(20ms, transfer(log));
  } catch (const charkha::timeout_error& error) {
    log.emplace_back(error.what());
  }
  co_return log;
}

int main() {
  const journal log = charkha::run(async_main());
  for (const auto& line : log) std::printf("%s\n", line.c_str());
  return log == journal{"debited", "taken back", "timed out"} ? 0 : 1;
}
