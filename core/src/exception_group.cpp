// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/exception_group.hpp"

namespace charkha {

namespace {

std::string summary(const std::vector<std::exception_ptr>& errors) {
  std::string text = std::to_string(errors.size()) + (errors.size() == 1 ? " error: " : " errors: ");
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (i != 0) text += "; ";
    text += detail::describe_exception(errors[i]);
  }
  return text;
}

}  // namespace

exception_group::exception_group(std::vector<std::exception_ptr> errors)
    : std::runtime_error(summary(errors)), errors_(std::move(errors)) {}

exception_group::exception_group(std::string_view message, std::vector<std::exception_ptr> errors)
    : std::runtime_error(std::string(message) + ": " + summary(errors)), errors_(std::move(errors)) {}

namespace detail {

std::string describe_exception(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (const cancelled_error& e) {
    return e.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

bool is_cancellation(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const cancelled_error&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace detail
}  // namespace charkha
