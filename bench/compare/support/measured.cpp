// SPDX-License-Identifier: Apache-2.0
// Runs PROGRAM [ARGUMENTS] and then prints what it used, on one line behind its own output, and its exit status.
// Small on purpose: the peak memory that the kernel tells for a process begins with that of the process it was forked
// from, and that would be an interpreter. A SIGTERM kills the program and is no failure: that is how a server ends.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace {

volatile pid_t program = 0;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  program = fork();
  if (program == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[1], argv + 1);
    std::perror(argv[1]);
    _exit(127);
  }
  std::signal(SIGTERM, [](int) { kill(program, SIGKILL); });
  int status = 0;
  rusage used{};
  while (wait4(program, &status, 0, &used) < 0) {  // interrupted by the signal
  }
  std::printf("cpu_seconds=%.6f peak_kib=%ld voluntary=%ld involuntary=%ld exit=%d\n",
              seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss, used.ru_nvcsw, used.ru_nivcsw,
              WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
