// SPDX-License-Identifier: Apache-2.0
// How many workers a runtime gets.
#pragma once

#include <string>

namespace charkha::detail {

inline constexpr int most_workers = 1024;

/// `option` if it is not 0, else CHARKHA_WORKERS, else available_processors(). Throws std::invalid_argument with an
/// explanation when the one that decides is not a number from 1 to most_workers.
[[nodiscard]] int choose_worker_count(int option);

/// What CHARKHA_WORKERS (or another variable's) text says. Throws std::invalid_argument.
[[nodiscard]] int parse_worker_count(const std::string& text);

/// The lesser of the CPU affinity and the cgroups' CPU quota, at least 1.
[[nodiscard]] int available_processors();

/// Whole processors that the CPU quota of this process's cgroup and of all its parents allows, rounded up; 0 if there is
/// no quota. `root` is put before /proc and /sys, for tests.
[[nodiscard]] int cgroup_processors(const std::string& root = {});

}  // namespace charkha::detail
