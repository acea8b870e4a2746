// SPDX-License-Identifier: Apache-2.0
// Every event of a connection (bytes, an answer, a timer, the client's end) changes its state and then calls advance(),
// which does what the state allows. Nothing here blocks or locks: it all happens on Asio's thread.
#include "connection.hpp"

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <system_error>
#include <utility>
#include <variant>

#include "charkha/clock.hpp"
#include "charkha/coro.hpp"
#include "handlers.hpp"

namespace http_backend {

namespace {

using namespace std::chrono_literals;

/// Requests of one connection that run side by side; what a client sends beyond that waits.
constexpr std::size_t pipeline_limit = 16;
/// For a client to close its side after the last answer.
constexpr auto linger_limit = 1s;

/// One request's task. However it ends, even cancelled before it began, `back` goes with its frame and says so.
charkha::coro<> serve(request asked, charkha::clock::time_point deadline, reply back) {
  auto answer = co_await handle(std::move(asked), deadline);
  back.send(std::move(answer));
}

}  // namespace

connection::connection(asio::ip::tcp::socket socket, service& shared, closed_callback on_closed)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), service_(shared), on_closed_(std::move(on_closed)) {
  std::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void connection::start() { advance(); }

void connection::drain() {
  std::error_code ignored;
  if (!exchanges_.empty()) {
    takes_requests_ = false;
  } else if (!parser_.begun() && socket_.available(ignored) == 0) {
    return close();
  }
  draining_ = true;
  advance();
}

/// After each event: everything that the new state allows.
void connection::advance() {
  take_requests();
  write_answers();
  if (!takes_requests_ && exchanges_.empty()) linger();
  if (!socket_.is_open()) return;
  read();
  watch();
}

// ---- in -------------------------------------------------------------------------------------------------------------

// Also when no more requests are taken: that is how we learn that the client has gone. Not while there are requests
// that wait for their turn: he who sends more than the pipeline takes is held back by TCP.
void connection::read() {
  if (reading_ || input_ended_ || !unparsed_.empty()) return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(input_), [self = shared_from_this()](std::error_code error, std::size_t size) {
    self->reading_ = false;
    if (!self->socket_.is_open()) return;
    if (error) return self->client_left();
    self->unparsed_ = {self->input_.data(), size};
    self->advance();
  });
}

void connection::take_requests() {
  while (takes_requests_ && !unparsed_.empty() && exchanges_.size() < pipeline_limit) {
    auto parsed = parser_.parse(unparsed_);
    if (auto* const asked = std::get_if<request>(&parsed)) begin(std::move(*asked));
    if (auto* const refusal = std::get_if<response>(&parsed)) refuse(std::move(*refusal));
  }
  if (!takes_requests_) unparsed_ = {};
}

void connection::begin(request asked) {
  if (!asked.keep_alive || draining_) takes_requests_ = false;
  service_.counts.began();
  const auto number = first_number_ + exchanges_.size();
  auto& here = exchanges_.emplace_back(exchange{asked.method == "HEAD", asked.http_1_0, {}, {}});
  const auto deadline = charkha::clock::now() + service_.settings.deadline;
  here.task = service_.runtime.spawn(serve(std::move(asked), deadline, reply(shared_from_this(), number)));
}

void connection::refuse(response answer) {
  takes_requests_ = false;
  exchanges_.push_back({false, false, {}, std::move(answer)});
}

// A client that has closed only its sending side looks the same, and is not waited for either: what is answered is
// sent to it, what still runs is cancelled.
void connection::client_left() {
  input_ended_ = true;
  takes_requests_ = false;
  give_up(std::ranges::find_if(exchanges_, [](const auto& each) { return !each.answer; }));
  advance();
}

/// From this exchange on nobody waits for an answer.
void connection::give_up(std::deque<exchange>::iterator first) {
  for (auto each = first; each != exchanges_.end(); ++each) {
    if (each->task) each->task->cancel("the client has gone");
    ++service_.counts.given_up;
  }
  exchanges_.erase(first, exchanges_.end());
}

// ---- out ------------------------------------------------------------------------------------------------------------

void connection::task_ended(std::uint64_t number, std::optional<response> answer) {
  --service_.counts.in_flight;
  const auto index = static_cast<std::size_t>(number - first_number_);
  if (index >= exchanges_.size()) return;  // given up
  if (!answer) answer.emplace(503, "the request was cancelled\n");
  exchanges_[index].answer = std::move(answer);
  advance();
}

void connection::write_answers() {
  if (writing_ > 0) return;
  output_.clear();
  for (const auto& each : exchanges_) {
    if (!each.answer) break;
    ++writing_;
    const bool last = !takes_requests_ && writing_ == exchanges_.size();
    const auto header = last            ? connection_header::close
                        : each.http_1_0 ? connection_header::keep_alive
                                        : connection_header::none;
    append(output_, *each.answer, {each.head_only, header});
  }
  if (writing_ == 0) return;
  asio::async_write(socket_, asio::buffer(output_), [self = shared_from_this()](std::error_code error, std::size_t) {
    if (!self->socket_.is_open()) return;
    if (error) return self->close();
    self->answers_written();
  });
}

void connection::answers_written() {
  for (; writing_ > 0; --writing_) {
    service_.counts.sent(exchanges_.front().answer->status);
    exchanges_.pop_front();
    ++first_number_;
  }
  advance();
}

// ---- the end --------------------------------------------------------------------------------------------------------

// Closing a socket on which unread bytes lie resets the connection, and the client may lose the answer that it has not
// read. So we close our side, and the socket when the client has closed his.
void connection::linger() {
  if (input_ended_) return close();
  if (std::exchange(lingering_, true)) return;
  std::error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error) close();
}

void connection::close() {
  give_up(exchanges_.begin());
  std::error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  if (const auto tell = std::exchange(on_closed_, nullptr)) tell(shared_from_this());
}

connection::phase connection::current_phase() const noexcept {
  if (lingering_) return phase::lingering;
  if (writing_ > 0) return phase::sending;
  if (takes_requests_ && parser_.begun()) return phase::receiving;
  return exchanges_.empty() ? phase::idle : phase::handling;
}

/// Sets the timer when something new is waited for; a client that sends byte by byte does not set it back.
void connection::watch() {
  const auto now = current_phase();
  const auto request = first_number_ + exchanges_.size();
  if (now == watched_ && request == watched_request_) return;
  watched_ = now;
  watched_request_ = request;
  if (now == phase::handling) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(now == phase::lingering ? linger_limit : service_.settings.idle);
  timer_.async_wait([self = shared_from_this()](std::error_code error) {
    // It may have been set anew after it had expired, with this call already on its way.
    const bool stale =
        self->watched_ == phase::handling || self->timer_.expiry() > asio::steady_timer::clock_type::now();
    if (error || stale || !self->socket_.is_open()) return;
    self->overdue();
  });
}

void connection::overdue() {
  if (watched_ != phase::receiving) return close();
  refuse(response(408, "the request took too long to arrive\n"));
  advance();
}

// ---- reply ----------------------------------------------------------------------------------------------------------

reply::reply(std::shared_ptr<connection> to, std::uint64_t number)
    : to_(std::move(to)), number_(number), work_(to_->socket_.get_executor()) {}

reply::~reply() {
  if (to_) post(std::nullopt);
}

void reply::send(response answer) { post(std::move(answer)); }

void reply::post(std::optional<response> answer) {
  asio::post(work_.get_executor(), [to = std::move(to_), number = number_, answer = std::move(answer)]() mutable {
    to->task_ended(number, std::move(answer));
  });
}

}  // namespace http_backend
