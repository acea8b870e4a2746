// SPDX-License-Identifier: Apache-2.0
// How many workers a runtime gets: the option, the environment, the machine, its cgroups.
#include "worker_count.hpp"

#include <doctest/doctest.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

using charkha::detail::available_processors;
using charkha::detail::cgroup_processors;
using charkha::detail::choose_worker_count;
using charkha::detail::most_workers;
using charkha::detail::parse_worker_count;

namespace {

/// A made-up /proc and /sys.
class fake_root {
 public:
  fake_root() {
    std::string pattern = (std::filesystem::temp_directory_path() / "charkha-cgroup-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~fake_root() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  fake_root(const fake_root&) = delete;
  fake_root& operator=(const fake_root&) = delete;

  void write(const std::string& file, const std::string& text) const {
    const auto full = std::filesystem::path(path_ + file);
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }
  [[nodiscard]] int processors() const { return cgroup_processors(path_); }

 private:
  std::string path_;
};

/// Sets CHARKHA_WORKERS for a scope.
class environment {
 public:
  explicit environment(const char* text) {
    if (const char* before = std::getenv("CHARKHA_WORKERS")) before_ = before;
    had_ = std::getenv("CHARKHA_WORKERS") != nullptr;
    if (text != nullptr) {
      setenv("CHARKHA_WORKERS", text, 1);
    } else {
      unsetenv("CHARKHA_WORKERS");
    }
  }
  ~environment() {
    if (had_) {
      setenv("CHARKHA_WORKERS", before_.c_str(), 1);
    } else {
      unsetenv("CHARKHA_WORKERS");
    }
  }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

 private:
  std::string before_;
  bool had_ = false;
};

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(parse_worker_count(text));
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("the option decides if it is given") {
  const environment set("7");
  CHECK(choose_worker_count(1) == 1);
  CHECK(choose_worker_count(most_workers) == most_workers);
}

TEST_CASE("absurd options are refused with an explanation") {
  for (const int option : {-1, INT_MIN, most_workers + 1, INT_MAX}) {
    CAPTURE(option);
    CHECK_THROWS_AS(static_cast<void>(choose_worker_count(option)), std::invalid_argument);
    try {
      static_cast<void>(choose_worker_count(option));
    } catch (const std::invalid_argument& e) {
      CHECK(std::string(e.what()).find(std::to_string(option)) != std::string::npos);
    }
  }
}

TEST_CASE("zero asks the environment, then the machine") {
  {
    const environment set("7");
    CHECK(choose_worker_count(0) == 7);
  }
  {
    const environment set("many");
    CHECK_THROWS_AS(static_cast<void>(choose_worker_count(0)), std::invalid_argument);
    CHECK(choose_worker_count(2) == 2);  // not looked at
  }
  const environment unset(nullptr);
  CHECK(choose_worker_count(0) == available_processors());
  CHECK(available_processors() >= 1);
  CHECK(available_processors() <= most_workers);
}

TEST_CASE("the environment's text must be a plain number in range") {
  CHECK(parse_worker_count("1") == 1);
  CHECK(parse_worker_count("1024") == 1024);
  for (const char* text :
       {"", "0", "-1", "1025", "4x", " 4", "4 ", "+4", "0x4", "4.0", "99999999999999999999", "four"}) {
    CAPTURE(text);
    CHECK(complaint(text).find(text) != std::string::npos);
    CHECK(complaint(text).find("1024") != std::string::npos);
  }
}

TEST_CASE("no cgroup, no quota") {
  const fake_root root;
  CHECK(root.processors() == 0);
  root.write("/proc/self/cgroup", "0::/\n");
  CHECK(root.processors() == 0);
  root.write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  CHECK(root.processors() == 0);
}

TEST_CASE("version 2: the quota is rounded up to whole processors") {
  const fake_root root;
  root.write("/proc/self/cgroup", "0::/app\n");
  for (const auto& [text, expected] : {std::pair{"200000 100000", 2}, std::pair{"150000 100000", 2},
                                       std::pair{"1000 100000", 1}, std::pair{"100001 100000", 2}}) {
    CAPTURE(text);
    root.write("/sys/fs/cgroup/app/cpu.max", text);
    CHECK(root.processors() == expected);
  }
}

TEST_CASE("version 2: the tightest of the group and all its parents counts") {
  const fake_root root;
  root.write("/proc/self/cgroup", "0::/slice/service/app\n");
  root.write("/sys/fs/cgroup/slice/service/app/cpu.max", "max 100000");
  root.write("/sys/fs/cgroup/slice/service/cpu.max", "800000 100000");
  CHECK(root.processors() == 8);
  root.write("/sys/fs/cgroup/slice/cpu.max", "300000 100000");
  CHECK(root.processors() == 3);
  root.write("/sys/fs/cgroup/cpu.max", "100000 100000");
  CHECK(root.processors() == 1);
}

TEST_CASE("version 2 in a container: the group's path is not below the mount, the mount is the group") {
  const fake_root root;
  root.write("/proc/self/cgroup", "0::/docker/0123456789abcdef\n");
  root.write("/sys/fs/cgroup/cpu.max", "400000 100000");
  CHECK(root.processors() == 4);
}

TEST_CASE("version 1: quota and period, parents and both names of the mount") {
  for (const char* mount : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}) {
    CAPTURE(mount);
    const fake_root root;
    root.write("/proc/self/cgroup", "5:memory:/app\n4:cpuacct,cpu:/parent/app\n0::/\n");
    root.write(std::string(mount) + "/parent/app/cpu.cfs_quota_us", "-1");
    root.write(std::string(mount) + "/parent/app/cpu.cfs_period_us", "100000");
    CHECK(root.processors() == 0);
    root.write(std::string(mount) + "/parent/cpu.cfs_quota_us", "250000");
    root.write(std::string(mount) + "/parent/cpu.cfs_period_us", "100000");
    CHECK(root.processors() == 3);
  }
}

TEST_CASE("version 1: other controllers do not count") {
  const fake_root root;
  root.write("/proc/self/cgroup", "4:cpuset,cpuacct:/app\n");
  root.write("/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "100000");
  root.write("/sys/fs/cgroup/cpu/app/cpu.cfs_period_us", "100000");
  CHECK(root.processors() == 0);
}

TEST_CASE("files that make no sense are no quota") {
  const fake_root root;
  root.write("/proc/self/cgroup", "nonsense\n0:\n:::\n0::/app\n");
  for (const char* text : {"", "nonsense", "100000", "-5 100000", "100000 0", "100000 -1", "99999999999999999999 1"}) {
    CAPTURE(text);
    root.write("/sys/fs/cgroup/app/cpu.max", text);
    CHECK(root.processors() == 0);
  }
  root.write("/sys/fs/cgroup/app/cpu.max", "1000000000000 1");
  CHECK(root.processors() == most_workers);
}
