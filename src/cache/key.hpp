// The cache key: lower-case wire name, type, class, DO, CD; made on the stack, hashed once.
#pragma once

#include <array>
#include <cstdint>

#include "dns/message.hpp"

namespace nld::cache {

/// A keyed 64-bit hash. Any pod may choose the names it asks for, so a program that serves others gives a
/// seed nobody can guess (one a process, from runtime::Random): keys that are to meet must be made by hashers
/// of the same seed. Not a MAC: the hash values must stay inside the process.
class KeyHasher {
 public:
  explicit KeyHasher(std::uint64_t seed) noexcept;

 private:
  friend class Key;
  /// Pre-condition: readable and zero from `size` up to the next multiple of kStride.
  [[nodiscard]] std::uint64_t hash(const std::uint8_t* octets, std::size_t size) const noexcept;
  static constexpr std::size_t kStride = 16;
  std::array<std::uint64_t, 4> secrets_;
};

/// What tells one key from another, wherever its octets lie.
struct KeyView {
  std::uint64_t hash;
  dns::Bytes question;  ///< name in lower case, type, class: as in a message
  std::uint8_t bits;    ///< DO, CD
};

class Key {
 public:
  /// `name` in any case. Never allocates.
  Key(const KeyHasher& hasher, dns::NameView name, dns::RRType type, dns::RRClass cls, bool dnssec_ok,
      bool checking_disabled) noexcept;

  [[nodiscard]] dns::Bytes bytes() const noexcept { return {octets_.data(), size_}; }
  /// Refers to this key.
  [[nodiscard]] KeyView view() const noexcept {
    return {.hash = hash_, .question = {octets_.data(), size_ - 1U}, .bits = octets_[size_ - 1U]};
  }
  /// Lower-case.
  [[nodiscard]] dns::NameView name() const noexcept { return {octets_.data(), size_ - kSuffix}; }
  [[nodiscard]] dns::RRType type() const noexcept;
  [[nodiscard]] dns::RRClass cls() const noexcept;
  [[nodiscard]] bool dnssec_ok() const noexcept;
  [[nodiscard]] bool checking_disabled() const noexcept;
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  friend bool operator==(const Key& left, const Key& right) noexcept;

  static constexpr std::size_t kSuffix = 5;  ///< octets after the name: type, class, one octet of bits
  static constexpr std::size_t kMaxSize = dns::kMaxNameSize + kSuffix;

 private:
  std::uint64_t hash_;
  std::uint16_t size_;
  // Room for the zeros that the hash reads after the key and for whole-word writes.
  std::array<std::uint8_t, kMaxSize + 2 * KeyHasher::kStride> octets_;
};

}  // namespace nld::cache
