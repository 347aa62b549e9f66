// DNS numbers and their mnemonics: RR types, classes, rcodes, opcodes (IANA "DNS Parameters").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nld::dns {

/// RR TYPE (RFC 1035 §3.2.2 and later). Any 16-bit value is valid; these are the ones the code names.
enum class RRType : std::uint16_t {
  A = 1,
  NS = 2,
  MD = 3,
  MF = 4,
  CNAME = 5,
  SOA = 6,
  MB = 7,
  MG = 8,
  MR = 9,
  PTR = 12,
  HINFO = 13,
  MINFO = 14,
  MX = 15,
  TXT = 16,
  RP = 17,
  AFSDB = 18,
  RT = 21,
  SIG = 24,
  PX = 26,
  AAAA = 28,
  NXT = 30,
  SRV = 33,
  NAPTR = 35,
  KX = 36,
  A6 = 38,
  DNAME = 39,
  OPT = 41,
  DS = 43,
  RRSIG = 46,
  NSEC = 47,
  DNSKEY = 48,
  NSEC3 = 50,
  SVCB = 64,
  HTTPS = 65,
  TKEY = 249,
  TSIG = 250,
  IXFR = 251,
  AXFR = 252,
  MAILB = 253,
  MAILA = 254,
  ANY = 255,
};

enum class RRClass : std::uint16_t { IN = 1, CH = 3, HS = 4, NONE = 254, ANY = 255 };

enum class Opcode : std::uint8_t { QUERY = 0, IQUERY = 1, STATUS = 2, NOTIFY = 4, UPDATE = 5, DSO = 6 };

/// RCODE with the EDNS extension bits (RFC 6891 §6.1.3): up to 12 bits.
enum class Rcode : std::uint16_t {
  NOERROR = 0,
  FORMERR = 1,
  SERVFAIL = 2,
  NXDOMAIN = 3,
  NOTIMP = 4,
  REFUSED = 5,
  YXDOMAIN = 6,
  YXRRSET = 7,
  NXRRSET = 8,
  NOTAUTH = 9,
  NOTZONE = 10,
  BADVERS = 16,
  BADCOOKIE = 23,
};

/// Extended DNS Errors (RFC 8914 §5.2) that this program gives out itself.
enum class ExtendedError : std::uint16_t {
  other = 0,
  stale_answer = 3,
  stale_nxdomain_answer = 19,
  cached_error = 13,
  not_ready = 14,
  blocked = 15,
  filtered = 17,
  prohibited = 18,
  not_supported = 21,
  no_reachable_authority = 22,
  network_error = 23,
  invalid_data = 24,
};

/// Mnemonic of a type the program knows, empty when it has none ("TYPE65280" is not a mnemonic).
std::string_view mnemonic(RRType type) noexcept;
std::string_view mnemonic(RRClass cls) noexcept;
std::string_view mnemonic(Rcode rcode) noexcept;
std::string_view mnemonic(Opcode opcode) noexcept;

/// Mnemonic, or the generic form of RFC 3597 §5 ("TYPE65280", "CLASS32"); rcodes: "RCODE3841".
std::string to_string(RRType type);
std::string to_string(RRClass cls);
std::string to_string(Rcode rcode);

/// Case-insensitive; accepts mnemonics and the generic forms.
std::optional<RRType> parse_rrtype(std::string_view text) noexcept;
std::optional<RRClass> parse_rrclass(std::string_view text) noexcept;
std::optional<Rcode> parse_rcode(std::string_view text) noexcept;

/// QTYPEs and meta types (RFC 6895 §3.1: 128–255 and OPT) that a cache never stores.
constexpr bool is_meta(RRType type) noexcept {
  const auto number = static_cast<std::uint16_t>(type);
  return type == RRType::OPT || (number >= 128 && number <= 255);
}

}  // namespace nld::dns
