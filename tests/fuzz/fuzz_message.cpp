// Whole messages: parsing stays in bounds, and what is accepted survives being stored and read again.
#include <algorithm>
#include <cstdlib>

#include "dns/builder.hpp"
#include "dns/response.hpp"

namespace {

using namespace nld::dns;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Names may point at octets of a TTL; storing clears the TTLs with the top bit, and so changes such names.
bool has_invalid_ttl(Bytes message, std::size_t offset) {
  RecordCursor cursor(message, read_header(message), offset);
  for (auto record = cursor.next(); record && *record; record = cursor.next()) {
    if ((*record)->type != RRType::OPT && (*record)->ttl != (*record)->effective_ttl()) return true;
  }
  return false;
}

std::size_t count_records(Bytes message, std::size_t offset) {
  RecordCursor cursor(message, read_header(message), offset);
  for (std::size_t count = 0;; ++count) {
    const auto record = cursor.next();
    require(record.has_value());
    if (!*record) return count;
    require((*record)->end <= message.size() && (*record)->type != RRType::OPT);
  }
}

void check_query(Bytes packet) {
  const auto query = parse_query(packet);
  if (!query) return;
  require(Name::from_wire(query->name)->size() == query->name.size());
  require(query->question().size() == query->name.size() + 4);
  // The same question written by the builder parses to the same question.
  std::array<std::uint8_t, 512> buffer;
  MessageBuilder builder(buffer);
  require(builder.add_question(query->name, query->type, query->cls));
  const auto again = parse_query(builder.message());
  require(again && std::ranges::equal(again->question(), query->question()));
}

void check_response(Bytes message) {
  if (message.size() < kHeaderSize) return;
  const auto asked = read_name(message, kHeaderSize);
  const bool whole = asked && message.size() - asked->end >= 4;
  const Name name = whole ? asked->name : Name{};
  const auto type = whole ? static_cast<RRType>(get16(message, asked->end)) : RRType::A;
  const auto cls = whole ? static_cast<RRClass>(get16(message, asked->end + 2)) : RRClass::IN;
  const auto info = examine_response(message, name.wire(), type, cls);
  const auto stored = make_storable(message, name.wire(), type, cls);
  if (!info) return;
  require(stored.has_value());
  const bool asked_here = read_header(message).qdcount != 0;
  if (has_invalid_ttl(message, asked_here ? asked->end + 4 : kHeaderSize)) return;
  require(count_records(stored->wire, kHeaderSize + name.size() + 4) == stored->ttl_offsets.size());
  const auto after = examine_response(stored->wire, name.wire(), type, cls);
  require(after && !after->has_opt);
  if (info->truncated || info->rcode > Rcode{15}) return;
  require(after->kind == info->kind && after->ttl == info->ttl);
  // Stored once, stored for good.
  const auto again = make_storable(stored->wire, name.wire(), type, cls);
  require(again && again->wire == stored->wire && again->ttl_offsets == stored->ttl_offsets);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_query({data, size});
  check_response({data, size});
  return 0;
}
