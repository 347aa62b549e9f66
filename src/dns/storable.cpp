// Turning a response into the form the cache keeps: without OPT and TSIG, id 0, TTL places known.
#include <array>
#include <utility>

#include "dns/builder.hpp"
#include "dns/rdata.hpp"
#include "dns/response.hpp"

namespace nld::dns {
namespace {

/// Both speak of the exchange, not of the data (RFC 6891 §6.1.1, RFC 8945 §5.1).
bool is_hop_by_hop(RRType type) noexcept {
  return type == RRType::OPT || type == RRType::TSIG;
}

/// What stays of a message, found in one walk.
struct Survey {
  std::size_t question_end = kHeaderSize;
  std::size_t end = kHeaderSize;        // of the last record kept
  std::array<std::uint16_t, 3> kept{};  // by section
  bool dropped = false;
  bool kept_after_dropped = false;  // a plain cut will not do
};

std::optional<Survey> survey(Bytes message, const Header& header, std::size_t question_end,
                             std::vector<std::uint16_t>& ttl_offsets) {
  ttl_offsets.clear();
  Survey found;
  found.question_end = found.end = question_end;
  RecordCursor cursor(message, header, question_end);
  for (;;) {
    const auto next = cursor.next();
    if (!next) return std::nullopt;
    if (!*next) return found;
    const RecordView& record = **next;
    if (!find_rdata_names(message, record)) return std::nullopt;
    if (is_hop_by_hop(record.type)) {
      found.dropped = true;
      continue;
    }
    found.kept_after_dropped = found.kept_after_dropped || found.dropped;
    found.end = record.end;
    ++found.kept[static_cast<std::size_t>(record.section)];
    ttl_offsets.push_back(static_cast<std::uint16_t>(record.ttl_offset));
  }
}

void write_counts(MutableBytes wire, const std::array<std::uint16_t, 3>& kept) noexcept {
  put16(wire, 0, 0);
  for (std::size_t section = 0; section < kept.size(); ++section) put16(wire, 6 + 2 * section, kept[section]);
}

void clear_invalid_ttls(StorableResponse& response) noexcept {
  for (const std::uint16_t offset : response.ttl_offsets) {
    if (get32(response.wire, offset) > 0x7FFFFFFFU) put32(response.wire, offset, 0);
  }
}

/// The message up to the last record kept: all that is dropped stands at its end.
void cut(Bytes message, const Survey& found, StorableResponse& out) {
  const Bytes rest = message.first(found.end);
  out.wire.assign(rest.begin(), rest.end());
  write_counts(out.wire, found.kept);
}

bool copy_record(Bytes message, const RecordView& record, MessageBuilder& builder,
                 std::vector<std::uint8_t>& rdata) {
  const auto owner = read_name(message, record.name_offset);
  if (!owner || !expand_rdata(message, record, rdata)) return false;
  const NameView name = owner->name.wire();
  if (is_single_name(record.type)) {
    return builder.add_name_record(record.section, name, record.type, record.cls, record.ttl, rdata);
  }
  return builder.add_record(record.section, name, record.type, record.cls, record.ttl, rdata);
}

/// Writes the message anew: octets move, so every compression pointer must be made again.
bool rewrite(Bytes message, const Header& header, const Survey& found, NameView name, RRType type,
             RRClass cls, StorableResponse& out) {
  std::vector<std::uint8_t> wire(kMaxMessageSize);
  MessageBuilder builder(wire);
  builder.set_flags(header.flags);
  const bool asked = header.qdcount != 0;
  const NameView question = asked ? message.subspan(kHeaderSize, found.question_end - kHeaderSize - 4) : name;
  if (!builder.add_question(question, type, cls)) return false;
  const std::size_t question_end = builder.size();

  std::vector<std::uint8_t> rdata;
  RecordCursor cursor(message, header, found.question_end);
  for (;;) {
    const auto record = cursor.next();
    if (!record) return false;
    if (!*record) break;
    if (is_hop_by_hop((*record)->type)) continue;
    if (!copy_record(message, **record, builder, rdata)) return false;
  }
  const Bytes written = builder.message();
  out.wire.assign(written.begin(), written.end());
  return survey(out.wire, read_header(out.wire), question_end, out.ttl_offsets).has_value();
}

/// The question section of an accepted message: one plain name or nothing at all.
std::optional<std::size_t> end_of_question(Bytes message, const Header& header) noexcept {
  if (header.qdcount == 0) return kHeaderSize;
  const auto name_end = skip_name(message, kHeaderSize);
  if (header.qdcount != 1 || !name_end || message.size() - *name_end < 4) return std::nullopt;
  return *name_end + 4;
}

bool store(Bytes message, const Header& header, std::size_t question_end, NameView name, RRType type,
           RRClass cls, StorableResponse& out) {
  const auto found = survey(message, header, question_end, out.ttl_offsets);
  if (!found) return false;
  if (header.qdcount == 0 || found->kept_after_dropped) {
    return rewrite(message, header, *found, name, type, cls, out);
  }
  cut(message, *found, out);
  return true;
}

}  // namespace

std::expected<StorableResponse, ResponseFault> make_storable(Bytes message, NameView name, RRType type,
                                                             RRClass cls) {
  StorableResponse response;
  const auto made = make_storable(message, name, type, cls, response);
  if (!made) return std::unexpected(made.error());
  return response;
}

std::expected<void, ResponseFault> make_storable(Bytes message, NameView name, RRType type, RRClass cls,
                                                 StorableResponse& out) {
  if (message.size() < kHeaderSize) return std::unexpected(ResponseFault::too_short);
  if (message.size() > kMaxMessageSize) return std::unexpected(ResponseFault::malformed);
  Header header = read_header(message);
  const auto question_end = end_of_question(message, header);
  if (!question_end) return std::unexpected(ResponseFault::malformed);
  bool stored = store(message, header, *question_end, name, type, cls, out);
  if (!stored && header.has(flag::TC)) {
    header.ancount = header.nscount = header.arcount = 0;
    stored = store(message, header, *question_end, name, type, cls, out);
  }
  if (!stored) return std::unexpected(ResponseFault::malformed);
  clear_invalid_ttls(out);
  return {};
}

}  // namespace nld::dns
