// SPDX-License-Identifier: Apache-2.0
// Clang's thread-safety annotations under our names; nothing with other compilers.
#pragma once

#if defined(__clang__)
#define CHARKHA_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define CHARKHA_THREAD_ANNOTATION(x)
#endif

#define CHARKHA_CAPABILITY(name) CHARKHA_THREAD_ANNOTATION(capability(name))
#define CHARKHA_SCOPED_CAPABILITY CHARKHA_THREAD_ANNOTATION(scoped_lockable)
#define CHARKHA_GUARDED_BY(lock) CHARKHA_THREAD_ANNOTATION(guarded_by(lock))
#define CHARKHA_REQUIRES(...) CHARKHA_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define CHARKHA_EXCLUDES(...) CHARKHA_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define CHARKHA_ACQUIRE(...) CHARKHA_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define CHARKHA_TRY_ACQUIRE(...) CHARKHA_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define CHARKHA_NO_THREAD_SAFETY_ANALYSIS CHARKHA_THREAD_ANNOTATION(no_thread_safety_analysis)
#define CHARKHA_RELEASE(...) CHARKHA_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define CHARKHA_NO_THREAD_SAFETY_ANALYSIS CHARKHA_THREAD_ANNOTATION(no_thread_safety_analysis)
