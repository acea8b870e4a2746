// SPDX-License-Identifier: Apache-2.0
// For classes that are a pointer: clang passes them in a register, and the callee destroys them, so that the frame of a
// coroutine that hands coros over keeps no room for them. g++ has no such attribute; do not pass them between code of
// the two.
#pragma once

#ifdef __clang__
#define CHARKHA_TRIVIAL_ABI [[clang::trivial_abi]]
#else
#define CHARKHA_TRIVIAL_ABI
#endif
