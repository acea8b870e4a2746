// SPDX-License-Identifier: Apache-2.0
// A future with a result, which counts when it is freed.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "charkha/detail/future_core.hpp"

namespace charkha::model {

class counted_future final : public detail::future_core {
 public:
  counted_future(detail::executor& runtime, int& freed, std::uint32_t references) noexcept
      : future_core(references), runtime_(runtime), freed_(freed) {}

  void complete() noexcept {
    result_ = 7;
    complete_waiters();
  }
  [[nodiscard]] int result() const noexcept { return result_; }
  int used = 0;  // by holders, each in turn

  [[nodiscard]] std::exception_ptr error() const noexcept override { return nullptr; }
  [[nodiscard]] detail::executor& home() const noexcept override { return runtime_; }
  bool cancel(std::string_view /*message*/) noexcept override { return false; }
  [[nodiscard]] detail::cancel_answer ask(std::string_view /*message*/) noexcept override { return {}; }
  [[nodiscard]] std::string describe() const override { return "counted"; }
  [[nodiscard]] detail::serial_queue& callbacks() override { std::abort(); }

 private:
  [[nodiscard]] detail::outcome result_kind() const noexcept override { return detail::outcome::value; }
  void last_reference_gone() noexcept override {
    drop_waiters();
    ++freed_;
    delete this;
  }

  detail::executor& runtime_;
  int& freed_;
  int result_ = 0;
};

}  // namespace charkha::model
