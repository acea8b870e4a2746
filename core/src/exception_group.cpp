// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/fatal_error.hpp"

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

namespace detail {

std::string describe_exception(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (const cancelled_error& e) {
    return e.what();
  } catch (const fatal_error& e) {
    return e.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

error_class classify(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const cancelled_error&) {
    return error_class::cancellation;
  } catch (const fatal_error&) {
    return error_class::fatal;
  } catch (...) {
    return error_class::ordinary;
  }
}

}  // namespace detail
}  // namespace charkha
