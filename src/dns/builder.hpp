// Writes a message into a buffer the caller owns; names are compressed against those written before.
#pragma once

#include <array>
#include <cstdint>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "dns/types.hpp"
#include "dns/wire.hpp"

namespace nld::dns {

/// Each add returns false, and leaves the message as it was, when it does not fit. Never allocates.
/// Sections must be filled in order: questions, answer, authority, additional.
class MessageBuilder {
 public:
  explicit MessageBuilder(MutableBytes buffer) noexcept;  ///< pre-condition: at least 12 octets

  void set_id(std::uint16_t id) noexcept;
  void set_flags(std::uint16_t flags) noexcept;  ///< the whole word, opcode and low rcode bits included
  bool add_question(NameView name, RRType type, RRClass cls) noexcept;
  /// RDATA is written as given (RFC 3597): names in it must be uncompressed.
  bool add_record(Section section, NameView owner, RRType type, RRClass cls, std::uint32_t ttl,
                  Bytes rdata) noexcept;
  /// A record whose RDATA is one name (CNAME, NS, PTR): compressed as RFC 1035 allows.
  bool add_name_record(Section section, NameView owner, RRType type, RRClass cls, std::uint32_t ttl,
                       NameView target) noexcept;
  /// OPT with the options given (already encoded).
  bool add_opt(std::uint16_t udp_size, std::uint8_t extended_rcode, bool dnssec_ok, Bytes options) noexcept;

  [[nodiscard]] Bytes message() const noexcept { return buffer_.first(size_); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  bool write_name(NameView name) noexcept;
  bool write_fixed(NameView owner, RRType type, RRClass cls, std::uint32_t ttl) noexcept;
  void count(std::size_t field) noexcept;

  static constexpr std::size_t kTargets = 64;  // more suffixes than that are written uncompressed
  MutableBytes buffer_;
  std::size_t size_ = kHeaderSize;
  std::array<std::uint16_t, kTargets> targets_{};  // offsets of labels written, what pointers may point to
  std::size_t target_count_ = 0;
};

/// Appends OPT to a finished message of `size` octets in `buffer` and counts it; returns the new size,
/// or `size` when it does not fit.
std::size_t append_opt(MutableBytes buffer, std::size_t size, std::uint16_t udp_size,
                       std::uint8_t extended_rcode, bool dnssec_ok, Bytes options) noexcept;
constexpr std::size_t kOptSize = 11;  ///< octets of an OPT without options

/// Encodes an Extended DNS Error option (RFC 8914 §2) into `out`; returns the octets used, 0 if no room.
std::size_t encode_extended_error(MutableBytes out, ExtendedError code, std::string_view text) noexcept;

}  // namespace nld::dns
