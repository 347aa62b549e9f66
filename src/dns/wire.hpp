// Reading and writing of big-endian integers in message bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace nld::dns {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

constexpr std::size_t kHeaderSize = 12;         ///< RFC 1035 §4.1.1
constexpr std::size_t kMaxMessageSize = 65535;  ///< RFC 1035 §4.2.2: two-octet length over TCP
constexpr std::size_t kPlainUdpSize = 512;      ///< RFC 1035 §4.2.1: limit of a client without EDNS

// Pre-condition of all four: `offset + width <= bytes.size()`.
constexpr std::uint16_t get16(Bytes bytes, std::size_t offset) noexcept {
  return static_cast<std::uint16_t>((bytes[offset] << 8U) | bytes[offset + 1]);
}
constexpr std::uint32_t get32(Bytes bytes, std::size_t offset) noexcept {
  return (static_cast<std::uint32_t>(get16(bytes, offset)) << 16U) | get16(bytes, offset + 2);
}
constexpr void put16(MutableBytes bytes, std::size_t offset, std::uint16_t value) noexcept {
  bytes[offset] = static_cast<std::uint8_t>(value >> 8U);
  bytes[offset + 1] = static_cast<std::uint8_t>(value);
}
constexpr void put32(MutableBytes bytes, std::size_t offset, std::uint32_t value) noexcept {
  put16(bytes, offset, static_cast<std::uint16_t>(value >> 16U));
  put16(bytes, offset + 2, static_cast<std::uint16_t>(value));
}

}  // namespace nld::dns
