# SPDX-License-Identifier: Apache-2.0
#
# What the library itself is made of. Tests and benchmarks ask for doctest and Google Benchmark where they use them.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(TBB 2021 CONFIG REQUIRED)  # oneTBB: in .cpp files only, never in a public header
