// Unpredictable numbers for query ids, source ports and policies: passed in, so that tests own them.
#pragma once

#include <cstdint>

namespace nld::runtime {

class Random {
 public:
  virtual ~Random() = default;
  /// Uniform over all 64-bit values. The production source is a CSPRNG (ids must not be guessable, RFC 5452
  /// §9.2).
  virtual std::uint64_t next() noexcept = 0;
  /// Uniform in [0, bound); pre-condition: bound > 0.
  std::uint64_t below(std::uint64_t bound) noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64U);
  }
};

}  // namespace nld::runtime
