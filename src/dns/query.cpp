// Deciding whether a packet is a query the server answers, and reading it.
#include "dns/message.hpp"

namespace nld::dns {
namespace {

/// The size of the uncompressed name at the start of `wire`, 0 when there is none. A first question has
/// nothing before it to point to, so a pointer is as wrong as an unknown label type.
std::size_t plain_name_size(Bytes wire) noexcept {
  const std::size_t limit = wire.size() < kMaxNameSize ? wire.size() : kMaxNameSize;
  std::size_t at = 0;
  while (at < limit) {
    const std::size_t length = wire[at];
    if (length == 0) return at + 1;
    if (length > kMaxLabelSize) return 0;
    at += length + 1;
  }
  return 0;
}

/// Goes through the records and keeps the OPT in `edns`.
std::optional<QueryFault> read_records(Bytes packet, const Header& header, std::size_t offset,
                                       std::optional<Edns>& edns) noexcept {
  RecordCursor cursor(packet, header, offset);
  bool edns_fault = false;
  for (;;) {
    const auto record = cursor.next();
    if (!record) return QueryFault::records;
    if (!*record) break;
    if ((*record)->type != RRType::OPT) continue;
    // A broken record behind it is the graver fault: go on.
    const bool second = edns.has_value();
    edns = read_opt(packet, **record);
    edns_fault = edns_fault || second || !edns;
  }
  if (cursor.offset() != packet.size()) return QueryFault::records;
  if (edns_fault) return QueryFault::edns;
  return std::nullopt;
}

std::optional<QueryFault> read_query(Bytes packet, Query& query) noexcept {
  if (packet.size() < kHeaderSize) return QueryFault::too_short;
  query.packet = packet;
  query.header = read_header(packet);
  if (query.header.has(flag::QR)) return QueryFault::response;
  if (query.header.opcode() != Opcode::QUERY) return QueryFault::opcode;
  if (query.header.qdcount != 1) return QueryFault::question_count;

  const Bytes body = packet.subspan(kHeaderSize);
  const std::size_t name_size = plain_name_size(body);
  if (name_size == 0 || body.size() - name_size < 4) return QueryFault::question;
  query.name = body.first(name_size);
  query.type = static_cast<RRType>(get16(body, name_size));
  query.cls = static_cast<RRClass>(get16(body, name_size + 2));
  query.question_end = kHeaderSize + name_size + 4;
  return read_records(packet, query.header, query.question_end, query.edns);
}

}  // namespace

std::string_view describe(QueryFault fault) noexcept {
  switch (fault) {
    case QueryFault::too_short:
      return "too_short";
    case QueryFault::response:
      return "response";
    case QueryFault::opcode:
      return "opcode";
    case QueryFault::question_count:
      return "question_count";
    case QueryFault::question:
      return "question";
    case QueryFault::records:
      return "records";
    case QueryFault::edns:
      return "edns";
  }
  return "unknown";
}

std::expected<Query, QueryFault> parse_query(Bytes packet) noexcept {
  std::expected<Query, QueryFault> result;  // the only object returned, so that it is never copied
  if (const auto fault = read_query(packet, *result)) result = std::unexpected(*fault);
  return result;
}

}  // namespace nld::dns
