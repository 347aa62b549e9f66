// Reading the header, the records and the OPT of a message in place.
#include "dns/message.hpp"

#include <algorithm>

namespace nld::dns {
namespace {
constexpr std::size_t kFixedFields = 10;     // TYPE, CLASS, TTL, RDLENGTH
constexpr std::uint32_t kDnssecOk = 0x8000;  // RFC 6891 §6.1.3: the bits of an OPT's TTL field
}  // namespace

Header read_header(Bytes message) noexcept {
  return {.id = get16(message, 0),
          .flags = get16(message, 2),
          .qdcount = get16(message, 4),
          .ancount = get16(message, 6),
          .nscount = get16(message, 8),
          .arcount = get16(message, 10)};
}

std::string_view describe(MessageError error) noexcept {
  switch (error) {
    case MessageError::bad_name:
      return "owner name of a record does not parse";
    case MessageError::truncated_record:
      return "record reaches beyond the message";
  }
  return "unknown error";
}

RecordCursor::RecordCursor(Bytes message, const Header& header, std::size_t offset) noexcept
    : message_(message),
      offset_(offset),
      left_in_section_(header.ancount),
      ns_(header.nscount),
      ar_(header.arcount) {}

std::expected<std::optional<RecordView>, MessageError> RecordCursor::next() noexcept {
  while (left_in_section_ == 0) {
    if (section_ == Section::additional) return std::optional<RecordView>{};
    const bool in_answer = section_ == Section::answer;
    section_ = in_answer ? Section::authority : Section::additional;
    left_in_section_ = in_answer ? ns_ : ar_;
  }
  const auto name_end = skip_name(message_, offset_);
  if (!name_end) return std::unexpected(MessageError::bad_name);
  const std::size_t fixed = *name_end;
  if (message_.size() - fixed < kFixedFields) return std::unexpected(MessageError::truncated_record);
  const std::size_t rdata = fixed + kFixedFields;
  const std::size_t rdata_size = get16(message_, fixed + 8);
  if (message_.size() - rdata < rdata_size) return std::unexpected(MessageError::truncated_record);
  --left_in_section_;
  const RecordView record{.section = section_,
                          .name_offset = offset_,
                          .type = static_cast<RRType>(get16(message_, fixed)),
                          .cls = static_cast<RRClass>(get16(message_, fixed + 2)),
                          .ttl = get32(message_, fixed + 4),
                          .ttl_offset = fixed + 4,
                          .rdata_offset = rdata,
                          .rdata_size = rdata_size,
                          .end = rdata + rdata_size};
  offset_ = record.end;
  return record;
}

std::optional<Edns> read_opt(Bytes message, const RecordView& record) noexcept {
  if (record.section != Section::additional || message[record.name_offset] != 0) return std::nullopt;
  Edns edns{
      .udp_size = std::max(static_cast<std::uint16_t>(record.cls), static_cast<std::uint16_t>(kPlainUdpSize)),
      .extended_rcode = static_cast<std::uint8_t>(record.ttl >> 24U),
      .version = static_cast<std::uint8_t>(record.ttl >> 16U),
      .dnssec_ok = (record.ttl & kDnssecOk) != 0,
      .options = {}};
  if (edns.version == 0) {
    edns.options = message.subspan(record.rdata_offset, record.rdata_size);
    if (!options_well_formed(edns.options)) return std::nullopt;
  }
  return edns;
}

}  // namespace nld::dns
