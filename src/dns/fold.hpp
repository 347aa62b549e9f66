// Case folding of DNS octets eight at a time: what name comparison, hashing and lower-casing share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace nld::dns {

inline std::uint64_t load64(const std::uint8_t* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

inline std::uint32_t load32(const std::uint8_t* from) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Lowers A–Z in each of eight octets (RFC 4343 §3); all others stay, those above 127 included.
/// Length octets of a wire-form name are below 'A', so whole names may be folded without looking at
/// label boundaries.
constexpr std::uint64_t fold(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHigh = 0x80U * kOnes;
  // Sums of two 7-bit values never carry into the neighbour; the high bit tells the comparison's result.
  const std::uint64_t low = word & ~kHigh;
  const std::uint64_t from_a = low + (0x80U - 'A') * kOnes;
  const std::uint64_t above_z = low + (0x7FU - 'Z') * kOnes;
  const std::uint64_t upper = (from_a ^ above_z) & ~word & kHigh;
  return word | (upper >> 2U);  // 0x80 >> 2 is the bit that tells 'A' from 'a'
}

/// The `size` (1–7) octets at `from` in one word, without reading beyond them.
inline std::uint64_t load_short(const std::uint8_t* from, std::size_t size) noexcept {
  if (size >= 4) {
    return (static_cast<std::uint64_t>(load32(from)) << 32U) | load32(from + size - 4);
  }
  return (static_cast<std::uint64_t>(from[0]) << 16U) | (static_cast<std::uint64_t>(from[size / 2]) << 8U) |
         from[size - 1];
}

}  // namespace nld::dns
