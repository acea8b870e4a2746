// SPDX-License-Identifier: Apache-2.0
// operator delete of the model's code: the memory stays until the execution is over, and nobody may touch it. And what
// assert() calls: a failing execution rather than the end of the program.
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

#include "execution.hpp"

using charkha::model::execution;

void* operator new(std::size_t size) {
  if (void* const block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto align = static_cast<std::size_t>(alignment);
  if (void* const block = std::aligned_alloc(align, (size + align - 1) / align * align)) return block;
  throw std::bad_alloc();
}

void operator delete(void* block) noexcept {
  if (auto* const run = execution::current()) {
    run->free(block, __builtin_return_address(0));
  } else {
    std::free(block);
  }
}

void operator delete(void* block, std::size_t /*size*/) noexcept { operator delete(block); }
void operator delete(void* block, std::align_val_t /*alignment*/) noexcept { operator delete(block); }
void operator delete(void* block, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  operator delete(block);
}

// NOLINTNEXTLINE(bugprone-reserved-identifier): the C library's name
extern "C" [[noreturn]] void __assert_fail(const char* text, const char* file, unsigned line,
                                           const char* /*function*/) noexcept {
  const std::string what = std::string("assertion: ") + text + " in " + file + ":" + std::to_string(line);
  if (auto* const run = execution::current()) run->fail(what);
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}
