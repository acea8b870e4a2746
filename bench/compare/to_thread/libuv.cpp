// SPDX-License-Identifier: Apache-2.0
// SIZE empty functions on libuv's thread pool, one at a time; with the variant "all" all in flight at once.
#include <uv.h>

#include "../support/program.hpp"

namespace {

std::uint64_t left;

void work(uv_work_t*) {}
void count(uv_work_t*, int) { --left; }
void count_and_repeat(uv_work_t* request, int) {
  if (--left > 0) uv_queue_work(request->loop, request, work, count_and_repeat);
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  uv_loop_t* const loop = uv_default_loop();
  left = args.size;
  std::vector<uv_work_t> requests(args.variant == "all" ? args.size : 1);
  const compare::stopwatch watch;
  for (auto& request : requests) {
    uv_queue_work(loop, &request, work, args.variant == "all" ? count : count_and_repeat);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  compare::report(args.size, watch.seconds());
  compare::require(left == 0, "count");
}
