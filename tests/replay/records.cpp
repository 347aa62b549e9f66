// ldns does the text.
#include "replay/records.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "dns/builder.hpp"
#include "dns/message.hpp"

// ldns defines these two as macros; everything else must be included before.
#include <ldns/ldns.h>
#undef true
#undef false

namespace nld::replay {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Packet = std::unique_ptr<ldns_pkt, Deleter<ldns_pkt_free>>;
using Record = std::unique_ptr<ldns_rr, Deleter<ldns_rr_free>>;

Packet parse(const std::vector<std::uint8_t>& message) {
  ldns_pkt* packet = nullptr;
  if (ldns_wire2pkt(&packet, message.data(), message.size()) != LDNS_STATUS_OK) {
    throw std::runtime_error("ldns cannot read a message that we wrote");
  }
  return Packet(packet);
}

Record parse_record(const std::string& line) {
  ldns_rr* record = nullptr;
  if (ldns_rr_new_frm_str(&record, line.c_str(), 0, nullptr, nullptr) != LDNS_STATUS_OK) {
    throw std::runtime_error("not a record: " + line);
  }
  return Record(record);
}

std::string text_of(const ldns_rr* record) {
  char* text = ldns_rr2str(record);
  std::string line(text);
  LDNS_FREE(text);
  std::ranges::replace(line, '\t', ' ');
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  return line;
}

void add_lines(const ldns_rr_list* list, const char* section, std::vector<std::string>& out) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < ldns_rr_list_rr_count(list); ++at) {
    lines.push_back(std::string(section) + ": " + text_of(ldns_rr_list_rr(list, at)));
  }
  std::ranges::sort(lines);
  out.insert(out.end(), lines.begin(), lines.end());
}

std::string extended_error(const std::vector<std::uint8_t>& message) {
  const dns::Header header = dns::read_header(message);
  const auto question_end = dns::skip_name(message, dns::kHeaderSize);
  dns::RecordCursor cursor(message, header, header.qdcount == 0 ? dns::kHeaderSize : *question_end + 4);
  for (auto record = cursor.next(); record && *record; record = cursor.next()) {
    if ((*record)->type != dns::RRType::OPT) continue;
    const dns::Bytes options = dns::Bytes(message).subspan((*record)->rdata_offset, (*record)->rdata_size);
    if (const auto error = dns::find_option(options, dns::OptionCode::extended_error)) {
      return " ede " + std::to_string(dns::get16(*error, 0));
    }
  }
  return {};
}

}  // namespace

std::vector<std::uint8_t> make_query(const QuerySpec& spec, std::uint16_t id) {
  std::vector<std::uint8_t> buffer(512);
  dns::MessageBuilder builder(buffer);
  builder.set_id(id);
  builder.set_flags(static_cast<std::uint16_t>(dns::flag::RD | (spec.ad ? dns::flag::AD : 0) |
                                               (spec.cd ? dns::flag::CD : 0)));
  const auto name = dns::Name::from_text(spec.name);
  const auto type = dns::parse_rrtype(spec.type);
  if (!name || !type) throw std::runtime_error("not a question: " + spec.name + " " + spec.type);
  builder.add_question(name->wire(), *type, dns::RRClass::IN);
  if (spec.edns) builder.add_opt(spec.udp_size, 0, spec.dnssec_ok, {});
  buffer.resize(builder.size());
  return buffer;
}

std::vector<std::uint8_t> make_response(const std::vector<std::uint8_t>& query, const ResponseSpec& spec) {
  const Packet packet = parse(query);
  const auto rcode = dns::parse_rcode(spec.rcode);
  if (!rcode) throw std::runtime_error("not an rcode: " + spec.rcode);
  ldns_pkt_set_qr(packet.get(), true);
  ldns_pkt_set_ra(packet.get(), true);
  ldns_pkt_set_aa(packet.get(), spec.aa);
  ldns_pkt_set_tc(packet.get(), spec.tc);
  ldns_pkt_set_ad(packet.get(), spec.ad);
  ldns_pkt_set_rcode(packet.get(), static_cast<std::uint8_t>(*rcode));
  for (const std::string& line : spec.answer) {
    ldns_pkt_push_rr(packet.get(), LDNS_SECTION_ANSWER, parse_record(line).release());
  }
  for (const std::string& line : spec.authority) {
    ldns_pkt_push_rr(packet.get(), LDNS_SECTION_AUTHORITY, parse_record(line).release());
  }
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&wire, packet.get(), &size) != LDNS_STATUS_OK) throw std::runtime_error("ldns: no wire");
  std::vector<std::uint8_t> message(wire, wire + size);
  LDNS_FREE(wire);
  return message;
}

std::string question_text(const std::vector<std::uint8_t>& message) {
  const auto name = dns::read_name(message, dns::kHeaderSize);
  if (!name) throw std::runtime_error("a question without a name");
  return name->name.to_text() + " " +
         dns::to_string(static_cast<dns::RRType>(dns::get16(message, name->end)));
}

ReplyText describe_reply(const std::vector<std::uint8_t>& message) {
  const Packet packet = parse(message);
  ReplyText reply;
  const auto extended = static_cast<unsigned>(ldns_pkt_edns_extended_rcode(packet.get())) << 4U;
  reply.status = dns::to_string(
      static_cast<dns::Rcode>(static_cast<unsigned>(ldns_pkt_get_rcode(packet.get())) | extended));
  if (ldns_pkt_aa(packet.get())) reply.status += " aa";
  if (ldns_pkt_tc(packet.get())) reply.status += " tc";
  if (ldns_pkt_ad(packet.get())) reply.status += " ad";
  reply.status += extended_error(message);
  add_lines(ldns_pkt_answer(packet.get()), "answer", reply.records);
  add_lines(ldns_pkt_authority(packet.get()), "authority", reply.records);
  return reply;
}

std::string canonical_record(const std::string& line) {
  return text_of(parse_record(line).get());
}

}  // namespace nld::replay
