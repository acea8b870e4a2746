// SPDX-License-Identifier: Apache-2.0
// Each endpoint is a coroutine that gives a response. handle(), at the end, finds the right one and puts the deadline
// around it.
#include "handlers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "charkha/gather.hpp"
#include "charkha/sleep.hpp"
#include "charkha/timeout.hpp"
#include "charkha/timeout_error.hpp"
#include "charkha/when_all.hpp"
#include "parameters.hpp"

namespace http_backend {

namespace {

using namespace std::chrono_literals;

// ---- /sleep?ms=N: a request that waits. Ten thousand of them cost ten thousand timers and no thread. ----------------

charkha::coro<response> sleep(const parameters& given) {
  const std::chrono::milliseconds time(given.number("ms", 0, 60'000));
  co_await charkha::sleep(time);
  co_return response(200, "slept " + std::to_string(time.count()) + " ms\n");
}

// ---- /fib?n=N: a request that computes, divided over the workers. ---------------------------------------------------

// Below this it takes some ten microseconds, and dividing it further would cost more than it gains.
constexpr std::int64_t fib_cutoff = 20;

std::int64_t fib_alone(std::int64_t n) { return n < 2 ? n : fib_alone(n - 1) + fib_alone(n - 2); }

// A cancel request, so also the deadline, is noticed where a task begins or waits: here at each fork and join. A piece
// below the cutoff runs to its end. Whoever computes for a second without a co_await overruns his deadline by a second.
charkha::coro<std::int64_t> fib(std::int64_t n) {
  if (n < fib_cutoff) co_return fib_alone(n);
  const auto both = co_await charkha::when_all(fib(n - 1), fib(n - 2));
  co_return std::get<0>(both) + std::get<1>(both);
}

charkha::coro<response> fibonacci(const parameters& given) {
  // 50 keeps a core busy for a minute or two: enough to need a deadline, and no harm where there is one.
  const auto number = co_await fib(given.number("n", 0, 50));
  co_return response(200, std::to_string(number) + "\n");
}

// ---- /fanout?n=N: a request that asks many others at a time. --------------------------------------------------------

/// Stands for a database shard that takes a millisecond to say how many rows it has.
charkha::coro<std::int64_t> rows_of_shard(std::int64_t shard) {
  co_await charkha::sleep(1ms);
  co_return shard;
}

charkha::coro<response> fanout(const parameters& given) {
  std::vector<charkha::coro<std::int64_t>> questions;
  const auto shards = given.number("n", 1, 10'000);
  for (std::int64_t shard = 1; shard <= shards; ++shard) questions.push_back(rows_of_shard(shard));
  const auto rows = co_await charkha::gather(questions);
  co_return response(200, std::to_string(std::accumulate(rows.begin(), rows.end(), std::int64_t{0})) + "\n");
}

// ---- which is which -------------------------------------------------------------------------------------------------

struct route {
  std::string_view path;
  charkha::coro<response> (*answer)(const parameters&);
};
constexpr std::array routes{route{"/sleep", sleep}, route{"/fib", fibonacci}, route{"/fanout", fanout}};

}  // namespace

charkha::coro<response> handle(request asked, charkha::clock::time_point deadline) {
  const auto* const found = std::ranges::find(routes, asked.path, &route::path);
  if (found == std::end(routes)) {
    co_return response(404, "there is nothing here; there are /sleep?ms=N, /fib?n=N and /fanout?n=N\n");
  }
  if (asked.method != "GET" && asked.method != "HEAD") {
    response refused(405, asked.method + " is not allowed here; GET and HEAD are\n");
    refused.allow = "GET, HEAD";
    co_return refused;
  }
  try {
    const parameters given(asked.query);
    auto work = [&] { return found->answer(given); };
    auto answer = co_await charkha::timeout_at(deadline, std::move(work));
    co_return answer;
  } catch (const bad_request& error) {
    co_return response(400, std::string(error.what()) + "\n");
  } catch (const charkha::timeout_error&) {
    co_return response(504, "the deadline of this request has passed\n");
  } catch (const std::exception& error) {
    std::cerr << "http_backend: " + asked.path + " failed: " + error.what() + "\n";
    co_return response(500, "the server has failed, not you\n");
  }
}

}  // namespace http_backend
