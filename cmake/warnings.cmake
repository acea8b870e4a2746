# SPDX-License-Identifier: Apache-2.0
#
# The warnings that charkha's own sources are built with. They are private: a user's sources never see them.
function(charkha_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic
    -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wcast-qual
    -Woverloaded-virtual -Wextra-semi -Wundef
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>  # the lock rules written as annotations
    $<$<BOOL:${CHARKHA_WARNINGS_AS_ERRORS}>:-Werror>)
endfunction()
