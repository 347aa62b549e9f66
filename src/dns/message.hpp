// A received message, read in place: header, question, records, EDNS. Nothing is copied, work is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "dns/edns.hpp"
#include "dns/name.hpp"
#include "dns/types.hpp"
#include "dns/wire.hpp"

namespace nld::dns {

/// Bits of the second 16-bit word of the header (RFC 1035 §4.1.1, RFC 4035 §3 for AD and CD).
namespace flag {
constexpr std::uint16_t QR = 0x8000;
constexpr std::uint16_t AA = 0x0400;
constexpr std::uint16_t TC = 0x0200;
constexpr std::uint16_t RD = 0x0100;
constexpr std::uint16_t RA = 0x0080;
constexpr std::uint16_t AD = 0x0020;
constexpr std::uint16_t CD = 0x0010;
constexpr std::uint16_t kOpcodeMask = 0x7800;
constexpr std::uint16_t kRcodeMask = 0x000F;
}  // namespace flag

struct Header {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::uint16_t qdcount = 0;
  std::uint16_t ancount = 0;
  std::uint16_t nscount = 0;
  std::uint16_t arcount = 0;

  [[nodiscard]] bool has(std::uint16_t bit) const noexcept { return (flags & bit) != 0; }
  [[nodiscard]] Opcode opcode() const noexcept {
    return static_cast<Opcode>((flags & flag::kOpcodeMask) >> 11U);
  }
};
/// Pre-condition: `message.size() >= kHeaderSize`.
Header read_header(Bytes message) noexcept;

enum class Section : std::uint8_t { answer, authority, additional };

/// One resource record in place. Offsets are into the message.
struct RecordView {
  Section section{};
  std::size_t name_offset = 0;
  RRType type{};
  RRClass cls{};
  std::uint32_t ttl = 0;  ///< as on the wire; RFC 2181 §8: a set top bit means zero, see effective_ttl
  std::size_t ttl_offset = 0;
  std::size_t rdata_offset = 0;
  std::size_t rdata_size = 0;
  std::size_t end = 0;

  [[nodiscard]] std::uint32_t effective_ttl() const noexcept { return ttl > 0x7FFFFFFFU ? 0 : ttl; }
};

enum class MessageError : std::uint8_t {
  bad_name,          ///< the owner name does not parse
  truncated_record,  ///< fixed fields or RDATA reach beyond the message
};
std::string_view describe(MessageError error) noexcept;

/// Walks the records after the question section(s), in order. Stops at the first malformed one. RDATA is
/// not looked into (rdata.hpp does); octets after the last record are the caller's to judge (offset()).
class RecordCursor {
 public:
  /// `offset`: just after the question section.
  RecordCursor(Bytes message, const Header& header, std::size_t offset) noexcept;
  /// Next record, nothing at the end, or what is wrong.
  std::expected<std::optional<RecordView>, MessageError> next() noexcept;
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }

 private:
  Bytes message_;
  std::size_t offset_;
  std::uint32_t left_in_section_;
  std::uint16_t ns_, ar_;
  Section section_ = Section::answer;
};

/// What the OPT record says; nothing when it is not one a message may carry: not in the additional section,
/// owner not the root (RFC 6891 §6.1.2) or options that do not fill the RDATA. Options of a version other
/// than 0 are not looked at and come back empty. Pre-condition: `record` is of type OPT.
std::optional<Edns> read_opt(Bytes message, const RecordView& record) noexcept;

/// A standard query as the server accepts it. Views point into the received packet.
struct Query {
  Bytes packet;
  Header header;
  NameView name;  ///< as sent (case kept); a first question is never compressed
  RRType type{};
  RRClass cls{};
  std::size_t question_end = 0;
  std::optional<Edns> edns;

  [[nodiscard]] bool dnssec_ok() const noexcept { return edns && edns->dnssec_ok; }
  [[nodiscard]] Bytes question() const noexcept {
    return packet.subspan(kHeaderSize, question_end - kHeaderSize);
  }
};

/// Why a packet is not a query we answer, and the answer it gets (server/refusal).
enum class QueryFault : std::uint8_t {
  too_short,       ///< fewer than 12 octets: silence
  response,        ///< QR set: silence: answering answers makes loops
  opcode,          ///< not QUERY: NOTIMP
  question_count,  ///< QDCOUNT is not 1: FORMERR (RFC 9619)
  question,        ///< question does not parse: FORMERR
  records,         ///< a record does not parse, or octets after the last: FORMERR
  edns,            ///< two OPT or one that read_opt rejects: FORMERR (RFC 6891 §6.1.1)
};
constexpr std::size_t kQueryFaultCount = 7;
std::string_view describe(QueryFault fault) noexcept;  ///< metric label, snake_case

/// Parses a whole packet. Of several faults the first in QueryFault's order is reported. Records in answer
/// and authority are skipped when they parse. EDNS version other than 0 is not a fault here: the server
/// answers BADVERS.
std::expected<Query, QueryFault> parse_query(Bytes packet) noexcept;

}  // namespace nld::dns
