// SPDX-License-Identifier: Apache-2.0
// What threads are called in debuggers and in `top -H`.
#pragma once

#include <pthread.h>

#include <string>

namespace charkha::detail {

/// Names the calling thread: the runtime's name, cut so that the suffix fits.
inline void name_this_thread(const std::string& runtime, const std::string& suffix) {
  constexpr std::size_t longest = 15;  // what the kernel keeps
  const std::string kept = suffix.substr(0, longest);
  pthread_setname_np(pthread_self(), (runtime.substr(0, longest - kept.size()) + kept).c_str());
}

}  // namespace charkha::detail
