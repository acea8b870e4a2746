# SPDX-License-Identifier: Apache-2.0
#
# Which compilers are trusted with coroutines, and the language level. docs/coming-from-asyncio.md has the long story.
set(CMAKE_CXX_EXTENSIONS OFF)

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 17)
    message(FATAL_ERROR
      "charkha needs clang 17 or newer; this is clang ${CMAKE_CXX_COMPILER_VERSION}. Older versions keep the "
      "address of a thread_local variable across co_await: a coroutine that wakes on another thread uses the wrong one.")
  endif()
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
    message(FATAL_ERROR "charkha needs g++ 12 or newer; this is g++ ${CMAKE_CXX_COMPILER_VERSION}.")
  endif()
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    message(WARNING
      "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles some coroutines: co_await in the condition of an if or a loop, "
      "and temporaries with captures inside a co_await expression. charkha keeps clear of both; your own coroutines "
      "have to, too: docs/coming-from-asyncio.md says how.")
  endif()
else()
  message(WARNING "charkha is tested with clang and g++ only, not with ${CMAKE_CXX_COMPILER_ID}.")
endif()

# What every user of a target needs: C++20 and, from g++, real tail calls at every optimisation level. Without them each
# symmetric transfer between coroutines takes a stack frame, and a long chain of awaits overflows the stack.
function(charkha_language target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PUBLIC $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-foptimize-sibling-calls>)
endfunction()
