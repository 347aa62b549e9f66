// getrandom(2) in blocks, and SplitMix64.
#include "runtime/system_random.hpp"

#include <sys/random.h>

#include <cstdlib>
#include <utility>

namespace nld::runtime {

std::uint64_t SystemRandom::next() noexcept {
  if (used_ == block_.size()) {
    auto* bytes = reinterpret_cast<std::byte*>(block_.data());
    std::size_t filled = 0;
    while (filled < sizeof block_) {
      const auto got = getrandom(bytes + filled, sizeof block_ - filled, 0);
      // Fails only before the pool is initialised at boot, or by seccomp: guessable ids are no option.
      if (got <= 0) std::abort();
      filled += static_cast<std::size_t>(got);
    }
    used_ = 0;
  }
  // Wiped once given out: a later leak of this memory tells nothing about ids in flight.
  return std::exchange(block_[used_++], 0);
}

std::uint64_t SeededRandom::next() noexcept {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace nld::runtime
