# SPDX-License-Identifier: Apache-2.0
#
# CHARKHA_SANITIZE applies to everything below the root: a sanitizer that sees half of a program reports nonsense.
if(CHARKHA_SANITIZE STREQUAL "address,undefined")
  # UBSan would print and go on; a test must fail instead.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  # g++ cannot make a tail call out of an instrumented frame: 20,000 symmetric transfers would overflow the stack.
  add_compile_options("$<$<CXX_COMPILER_ID:GNU>:SHELL:--param asan-stack=0>")
elseif(CHARKHA_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
  # The same for g++'s function entry and exit hooks; races are found without them, stacks in reports are shorter.
  add_compile_options("$<$<CXX_COMPILER_ID:GNU>:SHELL:--param tsan-instrument-func-entry-exit=0>")
elseif(CHARKHA_SANITIZE)
  message(FATAL_ERROR "CHARKHA_SANITIZE is '${CHARKHA_SANITIZE}'; it may be empty, 'address,undefined' or 'thread'.")
endif()
