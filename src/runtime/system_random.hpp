// Sources of randomness: the kernel's CSPRNG for production, a seeded sequence for tests.
#pragma once

#include <array>
#include <cstddef>

#include "runtime/random.hpp"

namespace nld::runtime {

/// Not thread-safe: one a worker. Reads getrandom(2) 512 octets at a time, so the cost per number is small.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() noexcept override;

 private:
  std::array<std::uint64_t, 64> block_{};
  std::size_t used_ = block_.size();
};

/// A seeded, predictable sequence (SplitMix64) for tests and replays.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept override;

 private:
  std::uint64_t state_;
};

}  // namespace nld::runtime
