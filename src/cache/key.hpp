// The cache key: lower-case wire name, type, class, DO, CD; made on the stack, hashed once.
#pragma once

#include <array>
#include <cstdint>

#include "dns/message.hpp"

namespace nld::cache {

class Key {
 public:
  Key(dns::NameView name, dns::RRType type, dns::RRClass cls, bool dnssec_ok,
      bool checking_disabled) noexcept;

  [[nodiscard]] dns::Bytes bytes() const noexcept { return {octets_.data(), size_}; }
  [[nodiscard]] dns::NameView name() const noexcept { return {octets_.data(), size_ - kSuffix}; }
  [[nodiscard]] dns::RRType type() const noexcept;
  [[nodiscard]] dns::RRClass cls() const noexcept;
  [[nodiscard]] bool dnssec_ok() const noexcept;
  [[nodiscard]] bool checking_disabled() const noexcept;
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  friend bool operator==(const Key& left, const Key& right) noexcept;

 private:
  static constexpr std::size_t kSuffix = 5;  // type, class, one octet of bits
  std::array<std::uint8_t, dns::kMaxNameSize + kSuffix> octets_;
  std::uint16_t size_;
  std::uint64_t hash_;
};

}  // namespace nld::cache
