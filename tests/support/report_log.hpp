// SPDX-License-Identifier: Apache-2.0
// A report handler that remembers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "charkha/report.hpp"

namespace charkha::test {

class report_log final : public report_handler {
 public:
  report_log() noexcept = default;
  void handle(const report& what) noexcept override {
    const std::lock_guard guard(mutex_);
    reports_.push_back(what);
  }

  /// Instead of ending the program: the task ends with its error.
  void fatal(const report& what) noexcept override { handle(what); }

  [[nodiscard]] std::vector<report> all() const {
    const std::lock_guard guard(mutex_);
    return reports_;
  }
  [[nodiscard]] std::size_t count() const { return all().size(); }
  [[nodiscard]] std::size_t count(report_kind kind) const {
    const auto reports = all();
    return static_cast<std::size_t>(
        std::count_if(reports.begin(), reports.end(), [kind](const report& each) { return each.kind == kind; }));
  }
  /// The task names of one kind, sorted.
  [[nodiscard]] std::vector<std::string> names(report_kind kind) const {
    std::vector<std::string> found;
    for (const auto& each : all()) {
      if (each.kind == kind) found.push_back(each.task_name);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<report> reports_;
};

}  // namespace charkha::test
