// number = mantissa * 2^exponent, and the series of the area hyperbolic tangent for the mantissa.
#include "runtime/natural_log.hpp"

#include <bit>
#include <cstdint>
#include <numbers>

namespace nld::runtime {

double natural_log(double number) noexcept {
  constexpr int kMantissaBits = 52;
  constexpr int kBias = 1023;
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << kMantissaBits) - 1;
  const auto bits = std::bit_cast<std::uint64_t>(number);
  int exponent = static_cast<int>(bits >> kMantissaBits) - kBias;
  double mantissa = std::bit_cast<double>((bits & kMantissa) | (std::uint64_t{kBias} << kMantissaBits));
  if (mantissa > std::numbers::sqrt2) {  // closer to 1, where the series is short
    mantissa /= 2;
    ++exponent;
  }
  const double ratio = (mantissa - 1) / (mantissa + 1);
  const double square = ratio * ratio;
  double sum = 0;
  for (int odd = 11; odd > 0; odd -= 2) sum = sum * square + 1.0 / odd;
  return 2 * ratio * sum + exponent * std::numbers::ln2;
}

}  // namespace nld::runtime

/// As the linker calls it (--wrap=log).
extern "C" double __wrap_log(double number) noexcept {  // NOLINT(*-reserved-identifier,*-naming)
  return nld::runtime::natural_log(number);
}
