// Checking a response against its question and saying what it is.
#include "dns/response.hpp"

#include <algorithm>

#include "dns/alias_chain.hpp"
#include "dns/rdata.hpp"

namespace nld::dns {
namespace {

/// A server that could not or would not read the question may leave it out.
bool may_lack_question(const Header& header) noexcept {
  const auto rcode = static_cast<Rcode>(header.flags & flag::kRcodeMask);
  return rcode == Rcode::FORMERR || rcode == Rcode::SERVFAIL || rcode == Rcode::NOTIMP ||
         rcode == Rcode::REFUSED;
}

/// The offset after the question section.
std::expected<std::size_t, ResponseFault> match_question(Bytes message, const Header& header, NameView name,
                                                         RRType type, RRClass cls) noexcept {
  if (header.opcode() != Opcode::QUERY) return std::unexpected(ResponseFault::question_mismatch);
  if (header.qdcount == 0) {
    if (!may_lack_question(header)) return std::unexpected(ResponseFault::question_mismatch);
    return kHeaderSize;
  }
  if (header.qdcount > 1) return std::unexpected(ResponseFault::malformed);
  const Bytes body = message.subspan(kHeaderSize);
  if (body.size() >= name.size() + 4 && equal_ignoring_case(body.first(name.size()), name)) {
    const bool same = static_cast<RRType>(get16(body, name.size())) == type &&
                      static_cast<RRClass>(get16(body, name.size() + 2)) == cls;
    if (!same) return std::unexpected(ResponseFault::question_mismatch);
    return kHeaderSize + name.size() + 4;
  }
  const auto end = skip_name(message, kHeaderSize);
  const bool whole = end && message.size() - *end >= 4;
  return std::unexpected(whole ? ResponseFault::question_mismatch : ResponseFault::malformed);
}

/// What one walk over all records finds.
struct Findings {
  std::optional<std::uint32_t> smallest_ttl;
  std::optional<std::uint32_t> soa_minimum;
  bool ns_in_authority = false;
  std::optional<Edns> edns;
};

bool note_record(Bytes message, const RecordView& record, Findings& findings) noexcept {
  if (record.type == RRType::OPT) {
    if (findings.edns) return false;
    findings.edns = read_opt(message, record);
    return findings.edns.has_value();
  }
  const auto names = find_rdata_names(message, record);
  if (!names) return false;
  if (is_meta(record.type)) return true;
  const std::uint32_t ttl = record.effective_ttl();
  findings.smallest_ttl = std::min(findings.smallest_ttl.value_or(ttl), ttl);
  if (record.section == Section::authority) {
    if (record.type == RRType::NS) findings.ns_in_authority = true;
    if (record.type == RRType::SOA && !findings.soa_minimum) {
      constexpr std::size_t kMinimum = 16;  // after SERIAL, REFRESH, RETRY, EXPIRE
      findings.soa_minimum = get32(message, names->end + kMinimum);
    }
  }
  return true;
}

/// False when a record is malformed.
bool note_records(Bytes message, const Header& header, std::size_t offset, Findings& findings) noexcept {
  RecordCursor cursor(message, header, offset);
  for (;;) {
    const auto record = cursor.next();
    if (!record) return false;
    if (!*record) return true;
    if (!note_record(message, **record, findings)) return false;
  }
}

ResponseKind classify(Rcode rcode, ChainEnd end, const Findings& findings) noexcept {
  if (rcode == Rcode::NXDOMAIN) return ResponseKind::nxdomain;
  if (rcode == Rcode::SERVFAIL) return ResponseKind::servfail;
  if (rcode != Rcode::NOERROR) return ResponseKind::other_error;
  if (end == ChainEnd::answered) return ResponseKind::success;
  const bool referral = findings.ns_in_authority && !findings.soa_minimum;
  return referral ? ResponseKind::referral : ResponseKind::nodata;
}

std::optional<std::uint32_t> ttl_of(ResponseKind kind, const Findings& findings) noexcept {
  if (kind != ResponseKind::nodata && kind != ResponseKind::nxdomain) return findings.smallest_ttl;
  if (!findings.soa_minimum || !findings.smallest_ttl) return std::nullopt;
  return std::min(*findings.soa_minimum, *findings.smallest_ttl);
}

void note_edns(const Edns& edns, ResponseInfo& info) noexcept {
  info.has_opt = true;
  info.opt_options = edns.options;
  const auto error = find_option(edns.options, OptionCode::extended_error);
  if (error && error->size() >= 2) info.extended_error = static_cast<ExtendedError>(get16(*error, 0));
}

}  // namespace

std::string_view describe(ResponseFault fault) noexcept {
  switch (fault) {
    case ResponseFault::too_short:
      return "message shorter than a header";
    case ResponseFault::not_a_response:
      return "not a response";
    case ResponseFault::question_mismatch:
      return "response to another question";
    case ResponseFault::malformed:
      return "malformed message";
  }
  return "unknown fault";
}

std::expected<ResponseInfo, ResponseFault> examine_response(Bytes message, NameView name, RRType type,
                                                            RRClass cls) noexcept {
  if (message.size() < kHeaderSize) return std::unexpected(ResponseFault::too_short);
  if (message.size() > kMaxMessageSize) return std::unexpected(ResponseFault::malformed);
  const Header header = read_header(message);
  if (!header.has(flag::QR)) return std::unexpected(ResponseFault::not_a_response);
  const auto records = match_question(message, header, name, type, cls);
  if (!records) return std::unexpected(records.error());

  ResponseInfo info;
  info.flags = header.flags;
  info.truncated = header.has(flag::TC);
  Findings findings;
  if (!note_records(message, header, *records, findings)) {
    // Some servers cut in the middle of a record: TC is all such a message has to say.
    if (!info.truncated) return std::unexpected(ResponseFault::malformed);
    findings = {};
  }
  const unsigned extended = findings.edns ? findings.edns->extended_rcode : 0U;
  info.rcode = static_cast<Rcode>((extended << 4U) | (header.flags & flag::kRcodeMask));
  const ChainEnd end = info.rcode == Rcode::NOERROR
                           ? follow_aliases(message, header, *records, name, type, cls)
                           : ChainEnd::none;
  info.kind = classify(info.rcode, end, findings);
  info.ttl = ttl_of(info.kind, findings);
  if (findings.edns) note_edns(*findings.edns, info);
  return info;
}

}  // namespace nld::dns
