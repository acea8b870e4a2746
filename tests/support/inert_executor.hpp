// SPDX-License-Identifier: Apache-2.0
// A runtime that does nothing it is asked to. Tests override what they look at.
#pragma once

#include <cstdint>
#include <exception>
#include <source_location>
#include <string_view>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/task_block.hpp"

namespace charkha::test {

class inert_executor : public detail::executor {
 public:
  inert_executor() noexcept = default;
  void make_ready(detail::ready_item& /*item*/, detail::ready_kind /*kind*/) noexcept override {}
  void enlist(detail::task_block& /*task*/, const detail::worker_context* /*here*/) override {}
  void delist(detail::task_block& /*task*/) noexcept override {}
  [[nodiscard]] detail::intrusive_ptr<detail::task_block> find(std::uint64_t /*number*/) noexcept override {
    return {};
  }
  [[nodiscard]] std::uint8_t retain() noexcept override { return 0; }
  void release(std::uint8_t /*retained*/) noexcept override {}
  [[nodiscard]] bool block_for(detail::waiter_list& /*waiters*/, std::int64_t /*nanoseconds*/) override { return true; }
  void report_unretrieved(std::string_view /*what*/, const std::source_location& /*site*/,
                          std::exception_ptr /*error*/) noexcept override {}
  void report_callback_error(const std::source_location& /*site*/, std::exception_ptr /*error*/) noexcept override {}

 protected:
  ~inert_executor() = default;
};

}  // namespace charkha::test
