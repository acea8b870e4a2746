# SPDX-License-Identifier: Apache-2.0
#
# Every switch of the build. What only a developer of charkha needs is off when charkha is part of another project.
option(CHARKHA_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(CHARKHA_BUILD_BENCH "Build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(CHARKHA_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(CHARKHA_INSTALL "Generate the install rules" ${PROJECT_IS_TOP_LEVEL})
option(CHARKHA_WARNINGS_AS_ERRORS "Treat the warnings of charkha's own sources as errors" OFF)

set(CHARKHA_SANITIZE "" CACHE STRING "Sanitizers of the whole build: empty, 'address,undefined', the same with ',fuzzer', or 'thread'")
set_property(CACHE CHARKHA_SANITIZE PROPERTY STRINGS "" "address,undefined" "address,undefined,fuzzer" "thread")
