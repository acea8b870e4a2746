// SPDX-License-Identifier: Apache-2.0
// docs/testing.md: a service that looks prices up, once for all who ask for the same one at the same time. It comes with
// a fault, and without.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <charkha/charkha.hpp>

inline charkha::coro<int> ask_supplier(std::string item) {
  co_await charkha::sleep(std::chrono::milliseconds(30));
  co_return static_cast<int>(item.size());
}

// [faulty]
class faulty_price_cache {
 public:
  /// Whoever asks first asks the supplier; the others wait for his answer.
  charkha::coro<int> price(std::string item) {
    auto [answer, is_first] = answer_for(item);
    if (is_first) {
      answer->price = co_await ask_supplier(item);
      answer->known.set();
    }
    co_await answer->known.wait();
    co_return answer->price;
  }

 private:
  struct quote {
    charkha::event known;
    int price = 0;
  };

  std::pair<std::shared_ptr<quote>, bool> answer_for(const std::string& item) {
    const std::lock_guard guard(mutex_);
    const auto [place, is_first] = answers_.try_emplace(item);
    if (is_first) place->second = std::make_shared<quote>();
    return {place->second, is_first};
  }

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<quote>> answers_;
};
// [end]

// [mended]
class price_cache {
 public:
  /// Nobody asks the supplier for the others: a task of its own does, which nobody's impatience cancels.
  charkha::coro<int> price(std::string item) { co_return co_await charkha::shield(answer_for(item)); }

 private:
  charkha::task<int> answer_for(const std::string& item) {
    const std::lock_guard guard(mutex_);
    const auto [place, is_first] = answers_.try_emplace(item);
    if (is_first) place->second = charkha::create_task(ask_supplier(item));
    return place->second;
  }

  std::mutex mutex_;
  std::map<std::string, charkha::task<int>> answers_;
};
// [end]
