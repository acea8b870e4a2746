// SPDX-License-Identifier: Apache-2.0
// What the programs for oneTBB share: WORKERS threads in all, the calling one among them.
#pragma once

#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "program.hpp"

namespace compare {

class onetbb_threads {
 public:
  explicit onetbb_threads(std::size_t count) : limit_(tbb::global_control::max_allowed_parallelism, count) {}

 private:
  tbb::global_control limit_;
};

}  // namespace compare
