// SPDX-License-Identifier: Apache-2.0
#include "charkha/exception_group.hpp"

#include <string>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/fatal_error.hpp"
#include "charkha/generator_exit.hpp"

namespace charkha {

namespace {

/// Calls `on_group` if the error is a group, else `on_leaf`. Neither is called inside a catch block, since a tree may be
/// deep and exceptions in flight are counted.
template <class Group, class Leaf>
void look_into(const std::exception_ptr& error, Group&& on_group, Leaf&& on_leaf) {
  const exception_group* group = nullptr;
  try {
    std::rethrow_exception(error);
  } catch (const exception_group& caught) {
    group = &caught;  // `error` keeps it
  } catch (...) {
  }
  if (group != nullptr) {
    on_group(*group);
  } else {
    on_leaf();
  }
}

std::string summary(const std::string& message, const std::vector<std::exception_ptr>& errors) {
  if (errors.empty()) throw std::invalid_argument("an exception_group needs at least one error");
  std::string text = message.empty() ? "" : message + ": ";
  text += std::to_string(errors.size()) + (errors.size() == 1 ? " error: " : " errors: ");
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (!errors[i]) throw std::invalid_argument("an exception_group cannot hold a null pointer");
    if (i != 0) text += "; ";
    look_into(
        errors[i], [&](const exception_group& group) { text += '(' + std::string(group.what()) + ')'; },
        [&] { text += detail::describe_exception(errors[i]); });
  }
  return text;
}

std::optional<exception_group> group_of(const std::string& message, std::vector<std::exception_ptr> errors) {
  if (errors.empty()) return std::nullopt;
  return exception_group(message, std::move(errors));
}

}  // namespace

exception_group::exception_group(std::vector<std::exception_ptr> errors)
    : exception_group(std::string(), std::move(errors)) {}

exception_group::exception_group(std::string message, std::vector<std::exception_ptr> errors)
    : std::runtime_error(summary(message, errors)), message_(std::move(message)), errors_(std::move(errors)) {}

exception_group_split exception_group::divide(leaf_function matches) const {
  std::vector<std::exception_ptr> matching;
  std::vector<std::exception_ptr> rest;
  for (const auto& error : errors_) {
    look_into(
        error,
        [&](const exception_group& group) {
          auto parts = group.divide(matches);
          // A group that stays whole stays the object that was thrown.
          if (parts.matching) matching.push_back(parts.rest ? std::make_exception_ptr(*parts.matching) : error);
          if (parts.rest) rest.push_back(parts.matching ? std::make_exception_ptr(*parts.rest) : error);
        },
        [&] { (matches(error) ? matching : rest).push_back(error); });
  }
  return {group_of(message_, std::move(matching)), group_of(message_, std::move(rest))};
}

void exception_group::visit_leaves(leaf_function visit) const {
  for (const auto& error : errors_) {
    look_into(error, [&](const exception_group& group) { group.visit_leaves(visit); }, [&] { visit(error); });
  }
}

namespace detail {

std::string describe_exception(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (const cancelled_error& e) {
    return e.what();
  } catch (const generator_exit& e) {
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
