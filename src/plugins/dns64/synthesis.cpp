// Writing the answer anew, with other addresses in it.
#include "plugins/dns64/synthesis.hpp"

#include <algorithm>

#include "dns/copy_record.hpp"
#include "plugins/built_answer.hpp"

namespace nld::plugins {
namespace {

/// RFC 6147 §5.1.7: without an SOA record in the negative answer.
constexpr std::uint32_t kTtlWithoutSoa = 600;

/// Calls `visit` with each record and its TTL until it says false; false: it did, or a record is malformed.
template <class Visit>
bool each_record(const pipeline::Reply& reply, const dns::Query& query, Visit visit) {
  const dns::Bytes wire = reply.answer->wire();
  dns::RecordCursor cursor(wire, dns::read_header(wire), query.question_end);
  for (;;) {
    const auto next = cursor.next();
    if (!next) return false;
    if (!*next) return true;
    if (!visit(wire, **next, reply.ttl.value_or((*next)->effective_ttl()))) return false;
  }
}

std::uint32_t soa_ttl(const pipeline::Reply& native, const dns::Query& query) {
  std::uint32_t found = kTtlWithoutSoa;
  if (!native.answer) return found;
  each_record(native, query, [&](dns::Bytes, const dns::RecordView& record, std::uint32_t ttl) {
    if (record.section == dns::Section::authority && record.type == dns::RRType::SOA) found = ttl;
    return true;
  });
  return found;
}

bool is_address(const dns::RecordView& record) noexcept {
  return record.section == dns::Section::answer && record.type == dns::RRType::A &&
         record.cls == dns::RRClass::IN && record.rdata_size == 4;
}

}  // namespace

std::array<std::uint8_t, 16> embed_address(const Dns64Config& config, dns::Bytes v4) noexcept {
  constexpr std::size_t kReserved = 8;  // bits 64 to 71 stay zero
  std::array<std::uint8_t, 16> address = config.prefix;
  std::size_t at = config.prefix_octets;
  for (const std::uint8_t octet : v4) {
    if (at == kReserved) ++at;
    address[at++] = octet;
  }
  return address;
}

cache::AnswerPtr synthesize(const Dns64Config& config, const pipeline::Request& request,
                            const pipeline::Reply& native, const pipeline::Reply& v4) {
  if (!v4.answer) return nullptr;
  const dns::Query& query = request.query;
  const std::uint32_t most = soa_ttl(native, query);
  std::vector<std::uint8_t> room(
      std::min(dns::kMaxMessageSize, 4 * v4.answer->wire().size() + dns::kPlainUdpSize));
  dns::MessageBuilder builder(room);
  builder.set_flags(dns::flag::QR | dns::flag::RA);
  builder.add_question(query.name, query.type, query.cls);
  std::vector<std::uint8_t> scratch;
  bool any = false;
  const bool whole =
      each_record(v4, query, [&](dns::Bytes wire, const dns::RecordView& record, std::uint32_t ttl) {
        if (!is_address(record)) return dns::copy_record(builder, wire, record, ttl, scratch);
        any = true;
        const auto owner = dns::read_name(wire, record.name_offset);
        if (!owner) return false;
        const auto address = embed_address(config, wire.subspan(record.rdata_offset, record.rdata_size));
        return builder.add_record(dns::Section::answer, owner->name.wire(), dns::RRType::AAAA,
                                  dns::RRClass::IN, std::min(ttl, most), address);
      });
  if (!any || !whole) return nullptr;
  return built_answer(builder.message(), query, dns::Rcode::NOERROR, request.received);
}

}  // namespace nld::plugins
