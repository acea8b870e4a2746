// SPDX-License-Identifier: Apache-2.0
// Any bytes, as operations on the timing wheel, beside a sorted list. For libFuzzer.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "support/wheel_oracle.hpp"

namespace {

// A number of 64 bits from the next bytes: the first says how many there are.
class choices {
 public:
  explicit choices(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] bool any_left() const noexcept { return !bytes_.empty(); }
  [[nodiscard]] std::uint8_t next() noexcept {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  [[nodiscard]] std::uint64_t operator()() noexcept {
    const std::uint8_t first = next();
    std::uint64_t number = first >> 3;
    for (unsigned more = first & 7U; more > 0; --more) number = number << 8 | next();
    return number;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

template <unsigned Bits>
void agree(choices& choose) {
  const auto starts = charkha::test::interesting_starts<Bits>();
  const std::uint64_t start = starts[choose.next() % starts.size()];
  charkha::test::wheel_and_oracle<Bits, choices> both(choose, start, choose.next() % 2 == 0);
  while (choose.any_left()) {
    if (both.step()) continue;
    static_cast<void>(std::fprintf(stderr, "the wheel and the sorted list disagree\n"));
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  choices choose({data, size});
  switch (choose.next() % 3) {
    case 0:
      agree<2>(choose);
      break;
    case 1:
      agree<3>(choose);
      break;
    default:
      agree<6>(choose);
      break;
  }
  return 0;
}
