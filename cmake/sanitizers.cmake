# SPDX-License-Identifier: Apache-2.0
#
# CHARKHA_SANITIZE applies to everything below the root: a sanitizer that sees half of a program reports nonsense.
if(CHARKHA_SANITIZE MATCHES "^address,undefined(,fuzzer)?$")
  # UBSan would print and go on; a test must fail instead.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  # g++ cannot make a tail call out of an instrumented frame: 20,000 symmetric transfers would overflow the stack.
  add_compile_options("$<$<CXX_COMPILER_ID:GNU>:SHELL:--param asan-stack=0>")
  if(CHARKHA_SANITIZE MATCHES fuzzer)
    add_compile_options(-fsanitize=fuzzer-no-link)  # shows libFuzzer what an input has reached
  endif()
elseif(CHARKHA_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
  # The same for g++'s function entry and exit hooks; races are found without them, stacks in reports are shorter.
  add_compile_options("$<$<CXX_COMPILER_ID:GNU>:SHELL:--param tsan-instrument-func-entry-exit=0>")
elseif(CHARKHA_SANITIZE)
  message(FATAL_ERROR "CHARKHA_SANITIZE is '${CHARKHA_SANITIZE}'; it may be empty, 'address,undefined', 'address,undefined,fuzzer' or 'thread'.")
endif()
