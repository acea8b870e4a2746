// SPDX-License-Identifier: Apache-2.0
// The main of a program `example [WORKERS SEED]`: an example whose own main is renamed, under virtual time.
#include <cstdlib>

#include "charkha/simulation.hpp"

charkha::coro<> async_main();

int main(int argc, char** argv) {
  charkha::simulation_options options;
  if (argc == 3) {
    options.workers = std::atoi(argv[1]);
    options.seed = std::strtoull(argv[2], nullptr, 10);
  }
  charkha::simulation(options).run(async_main());
}
