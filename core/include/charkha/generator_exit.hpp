// SPDX-License-Identifier: Apache-2.0
// generator_exit: what closing a generator throws inside it.
#pragma once

namespace charkha {

/// Thrown at the co_yield where a generator is suspended when it is closed: `co_await g.close()`.
///
/// Does not derive from std::exception, so that `catch (const std::exception&)` does not swallow it. Code that catches
/// it to clean up lets the body end afterwards, by return or by `throw;`. As Python's `GeneratorExit`.
class generator_exit {
 public:
  generator_exit() noexcept = default;

  [[nodiscard]] const char* what() const noexcept { return "the generator was closed"; }
};

}  // namespace charkha
