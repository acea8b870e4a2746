// SPDX-License-Identifier: Apache-2.0
#include "worker_count.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace charkha::detail {

namespace {

/// Smaller of two limits of which 0 means none.
int tighter(int a, int b) noexcept {
  if (a == 0) return b;
  return b == 0 ? a : std::min(a, b);
}

int whole_processors(long long quota, long long period) noexcept {
  if (quota <= 0 || period <= 0) return 0;
  return static_cast<int>(std::min<long long>(quota / period + (quota % period != 0 ? 1 : 0), most_workers));
}

// "max 100000" or "150000 100000"
int quota_v2(const std::string& directory) {
  std::ifstream file(directory + "/cpu.max");
  std::string quota;
  long long period = 0;
  if (!(file >> quota >> period) || quota == "max") return 0;
  long long microseconds = 0;
  const auto parsed = std::from_chars(quota.data(), quota.data() + quota.size(), microseconds);
  return parsed.ec == std::errc() ? whole_processors(microseconds, period) : 0;
}

int quota_v1(const std::string& directory) {
  long long quota = 0, period = 0;
  std::ifstream(directory + "/cpu.cfs_quota_us") >> quota;
  std::ifstream(directory + "/cpu.cfs_period_us") >> period;
  return whole_processors(quota, period);
}

/// The tightest quota of the group and its parents, up to the mount point. Inside a container the group's path may not
/// exist below the mount; the mount point itself is then the container's own group.
template <class Quota>
int tightest_quota(const std::string& mount, std::string group, Quota quota) {
  int limit = 0;
  for (;;) {
    limit = tighter(limit, quota(mount + (group == "/" ? "" : group)));
    const auto slash = group.rfind('/');
    if (group.empty() || group == "/" || slash == std::string::npos) return limit;
    group.resize(slash);
  }
}

bool names_cpu(const std::string& controllers) {
  std::stringstream list(controllers);
  for (std::string each; std::getline(list, each, ',');) {
    if (each == "cpu") return true;
  }
  return false;
}

}  // namespace

int cgroup_processors(const std::string& root) {
  std::ifstream groups(root + "/proc/self/cgroup");
  int limit = 0;
  // hierarchy:controllers:path; version 2 has no controllers
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const auto path = line.substr(second + 1);
    if (controllers.empty()) {
      limit = tighter(limit, tightest_quota(root + "/sys/fs/cgroup", path, quota_v2));
    } else if (names_cpu(controllers)) {
      for (const char* mount : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}) {
        limit = tighter(limit, tightest_quota(root + mount, path, quota_v1));
      }
    }
  }
  return limit;
}

int available_processors() {
  int count = static_cast<int>(std::thread::hardware_concurrency());
  // The static set holds 1024 processors; a larger machine makes the call fail, and the count above stands.
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
  return std::clamp(tighter(count, cgroup_processors()), 1, most_workers);
}

int parse_worker_count(const std::string& text) {
  int count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || count < 1 || count > most_workers) {
    throw std::invalid_argument("charkha: CHARKHA_WORKERS is \"" + text + "\"; it must be a number from 1 to " +
                                std::to_string(most_workers) + ", or not set");
  }
  return count;
}

int choose_worker_count(int option) {
  if (option < 0 || option > most_workers) {
    throw std::invalid_argument("charkha: runtime_options.workers is " + std::to_string(option) +
                                "; it must be a number from 1 to " + std::to_string(most_workers) +
                                ", or 0 for as many as there are processors");
  }
  if (option > 0) return option;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read only; changing the environment while runtimes start is the caller's risk
  if (const char* text = std::getenv("CHARKHA_WORKERS")) return parse_worker_count(text);
  return available_processors();
}

}  // namespace charkha::detail
