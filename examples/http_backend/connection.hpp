// SPDX-License-Identifier: Apache-2.0
// connection: one socket. Bytes become requests, each request becomes a task, and the answers go out in the order in
// which the requests came, in whatever order the tasks end.
//
// Belongs to Asio's thread. The tasks know it by their reply alone.
#pragma once

#include <array>
#include <asio/any_io_executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "charkha/task.hpp"
#include "request.hpp"
#include "request_parser.hpp"
#include "response.hpp"
#include "service.hpp"

namespace http_backend {

class connection : public std::enable_shared_from_this<connection> {
 public:
  using closed_callback = std::function<void(const std::shared_ptr<connection>&)>;

  /// `on_closed` is called once, when the socket is closed.
  connection(asio::ip::tcp::socket socket, service& shared, closed_callback on_closed);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void start();
  /// Answers what is in flight, and the request that is on its way in if nothing is; then closes.
  void drain();

 private:
  friend class reply;

  /// A request and, in time, its answer.
  struct exchange {
    bool head_only;
    bool http_1_0;
    std::optional<charkha::task<>> task;  // none: the request was refused unread
    std::optional<response> answer;
  };

  /// What the connection waits for. In all but `handling` it waits for the client, and not for ever.
  enum class phase : std::uint8_t { idle, receiving, handling, sending, lingering };

  void advance();
  void read();
  void take_requests();
  void begin(request asked);
  void refuse(response answer);
  void client_left();
  void give_up(std::deque<exchange>::iterator first);
  void task_ended(std::uint64_t number, std::optional<response> answer);
  void write_answers();
  void answers_written();
  void linger();
  void close();
  [[nodiscard]] phase current_phase() const noexcept;
  void watch();
  void overdue();

  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  service& service_;
  closed_callback on_closed_;

  request_parser parser_;
  std::array<char, 8 * 1024> input_;
  std::string_view unparsed_;  // of input_; while there is some, nothing more is read
  bool reading_ = false;       // a read is under way
  bool input_ended_ = false;   // the client has closed its side
  bool takes_requests_ = true;
  bool draining_ = false;

  std::deque<exchange> exchanges_;  // in the order of the requests; gone when written
  std::uint64_t first_number_ = 0;  // of exchanges_.front(): they are numbered in this order
  std::size_t writing_ = 0;         // so many, from the front, are being written
  std::string output_;
  bool lingering_ = false;

  phase watched_ = phase::handling;
  std::uint64_t watched_request_ = 0;
};

/// The way back from a task to its connection: takes the answer to Asio's thread or, if the task ends without one, word
/// of that. While there is one, Asio's loop goes on.
class reply {
 public:
  reply(std::shared_ptr<connection> to, std::uint64_t number);
  reply(reply&& other) noexcept = default;
  reply& operator=(reply&& other) = delete;
  ~reply();

  /// From any thread.
  void send(response answer);

 private:
  void post(std::optional<response> answer);

  std::shared_ptr<connection> to_;
  std::uint64_t number_;
  asio::executor_work_guard<asio::any_io_executor> work_;
};

}  // namespace http_backend
