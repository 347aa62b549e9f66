// What a response from an upstream means (RFC 2308, RFC 2181) and its form for storing.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "dns/message.hpp"

namespace nld::dns {

/// The kinds a cache tells apart.
enum class ResponseKind : std::uint8_t {
  success,   ///< NOERROR with an answer to the question, a CNAME chain included
  referral,  ///< NOERROR, no answer, NS in authority without SOA (RFC 2308 §2.1)
  nodata,    ///< NOERROR without an answer (RFC 2308 §2.2), a CNAME chain that ends in no data included
  nxdomain,  ///< RFC 2308 §2.1, RFC 8020
  servfail,
  other_error,
};

struct ResponseInfo {
  ResponseKind kind{};
  Rcode rcode{};  ///< with the extension bits of OPT
  std::uint16_t flags = 0;
  bool truncated = false;
  /// Seconds the response may be kept: the smallest effective TTL of its records, meta types (OPT, TSIG) not
  /// counted. A negative one (nodata, nxdomain) is capped by MINIMUM of the SOA in authority too (RFC 2308
  /// §5) and has none without that SOA. Nothing when there is no record to take it from.
  std::optional<std::uint32_t> ttl;
  bool has_opt = false;
  std::optional<ExtendedError> extended_error;  ///< the first EDE option of the OPT
  Bytes opt_options;                            ///< view into the message
};

enum class ResponseFault : std::uint8_t { too_short, not_a_response, question_mismatch, malformed };
std::string_view describe(ResponseFault fault) noexcept;

/// Checks that `message` is a well-formed response to (name, type, cls) (case ignored) and says what it is.
/// A response without a question section is accepted for rcodes FORMERR, NOTIMP, SERVFAIL, REFUSED only.
/// Octets after the last record are ignored, as other resolvers do. With TC set, records that were cut off
/// are forgiven: the response then says little more than "ask over TCP".
std::expected<ResponseInfo, ResponseFault> examine_response(Bytes message, NameView name, RRType type,
                                                            RRClass cls) noexcept;

/// A response as the cache keeps it: no OPT, and where its TTLs stand.
struct StorableResponse {
  std::vector<std::uint8_t> wire;
  std::vector<std::uint16_t> ttl_offsets;
};
/// Pre-condition: examine_response accepted `message`. Removes OPT and TSIG wherever they stand
/// (compression pointers stay right) and trailing octets; sets id 0 and TTLs with the top bit to 0 (RFC 2181
/// §8); fills in a missing question. A truncated message with records cut off keeps its question only.
std::expected<StorableResponse, ResponseFault> make_storable(Bytes message, NameView name, RRType type,
                                                             RRClass cls);
/// The same in place of what `out` holds, whose memory is used again. After a failure `out` holds anything.
std::expected<void, ResponseFault> make_storable(Bytes message, NameView name, RRType type, RRClass cls,
                                                 StorableResponse& out);

}  // namespace nld::dns
