// SPDX-License-Identifier: Apache-2.0
// What this process has of the machine, as Linux counts it.
#pragma once

#include <sched.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace charkha::test {

/// Are we built with one, whose own memory and threads are counted with ours?
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool with_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool with_sanitizer = true;
#else
inline constexpr bool with_sanitizer = false;
#endif
#else
inline constexpr bool with_sanitizer = false;
#endif

inline std::ptrdiff_t entries_in(const char* folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}
inline std::ptrdiff_t threads_of_this_process() { return entries_in("/proc/self/task"); }
inline std::ptrdiff_t descriptors_of_this_process() { return entries_in("/proc/self/fd"); }

/// Resident memory in bytes.
inline long memory_of_this_process() {
  long pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

/// In its lifetime the calling thread, and those that it starts, have one processor.
class one_processor final {
 public:
  one_processor() noexcept {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &only);
    sched_setaffinity(0, sizeof only, &only);
  }
  ~one_processor() { sched_setaffinity(0, sizeof before_, &before_); }
  one_processor(const one_processor&) = delete;
  one_processor& operator=(const one_processor&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace charkha::test
