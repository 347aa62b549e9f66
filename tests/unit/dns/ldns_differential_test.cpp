// A second opinion on whole messages: ldns and this library must read the same things, valid and mutated.
#include <gtest/gtest.h>
#include <ldns/ldns.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "dns/rdata.hpp"
#include "dns/response.hpp"
#include "message_generator.hpp"

namespace nld::dns {
namespace {

using Octets = std::vector<std::uint8_t>;

struct PacketFree {
  void operator()(ldns_pkt* packet) const noexcept { ldns_pkt_free(packet); }
};
using Packet = std::unique_ptr<ldns_pkt, PacketFree>;

Packet parse_with_ldns(Bytes message) {
  ldns_pkt* packet = nullptr;
  if (ldns_wire2pkt(&packet, message.data(), message.size()) != LDNS_STATUS_OK) return nullptr;
  return Packet{packet};
}

Octets encode_with_ldns(const ldns_pkt& packet) {
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  EXPECT_EQ(ldns_pkt2wire(&wire, &packet, &size), LDNS_STATUS_OK);
  Octets octets(wire, wire + size);
  std::free(wire);
  return octets;
}

struct Record {
  Section section{};
  Octets owner;
  std::uint16_t type = 0;
  std::uint16_t cls = 0;
  std::uint32_t ttl = 0;
  std::optional<Octets> rdata;  // expanded; nothing when it does not fit its type
  bool operator==(const Record&) const = default;
};

struct Contents {
  std::vector<Record> questions;  // TTL and RDATA unused
  std::vector<Record> records;    // without OPT and TSIG in additional, which ldns sets aside
  bool operator==(const Contents&) const = default;
};

/// What the library reads, or the first thing it objects to.
struct Ours {
  std::optional<Contents> contents;
  std::optional<NameError> name_error;  // when the objection is to a name
  std::vector<std::size_t> type_offsets;
};

Octets octets(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

Ours read_with_ours(Bytes message) {
  Ours ours;
  if (message.size() < kHeaderSize) return ours;
  const Header header = read_header(message);
  Contents contents;
  std::size_t offset = kHeaderSize;
  for (unsigned left = header.qdcount; left > 0; --left) {
    const auto name = read_name(message, offset);
    if (!name) return {{}, name.error(), {}};
    if (message.size() - name->end < 4) return ours;
    contents.questions.push_back(
        {{}, octets(name->name.wire()), get16(message, name->end), get16(message, name->end + 2), 0, {}});
    offset = name->end + 4;
  }
  RecordCursor cursor(message, header, offset);
  for (;;) {
    const std::size_t start = cursor.offset();
    const auto next = cursor.next();
    if (!next) {
      const auto name = skip_name(message, start);
      if (!name) ours.name_error = name.error();
      return ours;
    }
    if (!*next) break;
    const RecordView& record = **next;
    EXPECT_LE(record.end, message.size());
    EXPECT_EQ(record.name_offset, start);
    EXPECT_LT(record.ttl_offset, record.rdata_offset);
    EXPECT_EQ(record.rdata_offset + record.rdata_size, record.end);
    const bool aside = record.type == RRType::OPT || record.type == RRType::TSIG;
    if (record.type != RRType::OPT) ours.type_offsets.push_back(record.ttl_offset - 4);
    if (aside && record.section == Section::additional) continue;
    std::optional<Octets> rdata(std::in_place);
    if (!expand_rdata(message, record, *rdata)) rdata.reset();
    const auto owner = read_name(message, record.name_offset);
    EXPECT_TRUE(owner.has_value());
    contents.records.push_back({record.section, octets(owner->name.wire()),
                                static_cast<std::uint16_t>(record.type),
                                static_cast<std::uint16_t>(record.cls), record.ttl, std::move(rdata)});
  }
  ours.contents = std::move(contents);
  return ours;
}

Octets rdata_of(const ldns_rr& rr) {
  Octets rdata;
  for (std::size_t index = 0; index < ldns_rr_rd_count(&rr); ++index) {
    const ldns_rdf* field = ldns_rr_rdf(&rr, index);
    rdata.insert(rdata.end(), ldns_rdf_data(field), ldns_rdf_data(field) + ldns_rdf_size(field));
  }
  return rdata;
}

void append(std::vector<Record>& out, const ldns_rr_list* list, Section section, bool question) {
  for (std::size_t index = 0; index < ldns_rr_list_rr_count(list); ++index) {
    const ldns_rr* rr = ldns_rr_list_rr(list, index);
    const ldns_rdf* owner = ldns_rr_owner(rr);
    Record record{section,
                  Octets(ldns_rdf_data(owner), ldns_rdf_data(owner) + ldns_rdf_size(owner)),
                  static_cast<std::uint16_t>(ldns_rr_get_type(rr)),
                  static_cast<std::uint16_t>(ldns_rr_get_class(rr)),
                  question ? 0 : ldns_rr_ttl(rr),
                  {}};
    if (!question) record.rdata = rdata_of(*rr);
    out.push_back(std::move(record));
  }
}

Contents contents_of(const ldns_pkt& packet) {
  Contents contents;
  append(contents.questions, ldns_pkt_question(&packet), {}, true);
  append(contents.records, ldns_pkt_answer(&packet), Section::answer, false);
  append(contents.records, ldns_pkt_authority(&packet), Section::authority, false);
  append(contents.records, ldns_pkt_additional(&packet), Section::additional, false);
  return contents;
}

std::string print(const Contents& contents) {
  std::string text;
  for (const Record& record : contents.records) {
    text +=
        to_text(record.owner) + " " + std::to_string(record.type) + " " + std::to_string(record.ttl) + " ";
    for (const std::uint8_t octet : record.rdata.value_or(Octets{0xBA, 0xD0})) {
      text += std::to_string(octet) + ",";
    }
    text += "\n";
  }
  return text;
}

/// Compression matches names whatever their case (RFC 4343 §4.1), so writing anew may change it.
std::vector<Record> without_case(std::vector<Record> records) {
  for (Record& record : records) {
    std::ranges::transform(record.owner, record.owner.begin(), lower);
    if (record.rdata) std::ranges::transform(*record.rdata, record.rdata->begin(), lower);
  }
  return records;
}

TEST(LdnsDifferential, GeneratedMessagesReadTheSame) {
  test::MessageGenerator generator(20260101);
  for (int round = 0; round < 4000; ++round) {
    const Octets message = generator.next();
    const Ours ours = read_with_ours(message);
    ASSERT_TRUE(ours.contents.has_value()) << round;
    const Packet packet = parse_with_ldns(message);
    ASSERT_NE(packet, nullptr) << round;
    ASSERT_EQ(*ours.contents, contents_of(*packet)) << round << "\n"
                                                    << print(*ours.contents) << "\n"
                                                    << print(contents_of(*packet));
    // ldns compresses names its own way, those in RDATA too.
    const Octets encoded = encode_with_ldns(*packet);
    const Ours again = read_with_ours(encoded);
    ASSERT_TRUE(again.contents.has_value()) << round;
    ASSERT_EQ(without_case(again.contents->records), without_case(ours.contents->records)) << round;
    const auto edns = ldns_pkt_edns(packet.get());
    const auto info = examine_response(message, ours.contents->questions[0].owner,
                                       static_cast<RRType>(ours.contents->questions[0].type), RRClass::IN);
    ASSERT_TRUE(info.has_value()) << round << describe(info.error());
    EXPECT_EQ(info->has_opt, edns);
  }
}

TEST(LdnsDifferential, NamesReadTheSameFromText) {
  test::MessageGenerator generator(20260102);
  for (int round = 0; round < 2000; ++round) {
    const Octets message = generator.next();
    const Octets wire = read_with_ours(message).contents->questions[0].owner;
    // Their reading of our text, our reading of theirs.
    ldns_rdf* theirs = ldns_dname_new_frm_str(to_text(wire).c_str());
    ASSERT_NE(theirs, nullptr) << to_text(wire);
    EXPECT_EQ(Octets(ldns_rdf_data(theirs), ldns_rdf_data(theirs) + ldns_rdf_size(theirs)), wire);
    char* text = ldns_rdf2str(theirs);
    const auto ours = Name::from_text(text);
    ASSERT_TRUE(ours.has_value()) << text;
    EXPECT_EQ(octets(ours->wire()), wire) << text;
    EXPECT_EQ(ldns_dname_label_count(theirs), label_count(wire));
    std::free(text);
    ldns_rdf_deep_free(theirs);
  }
}

TEST(LdnsDifferential, StoredMessagesSayTheSameWithoutOpt) {
  test::MessageGenerator generator(20260103);
  int rewritten = 0;
  for (int round = 0; round < 4000; ++round) {
    Octets message = generator.next();
    const Contents before = *read_with_ours(message).contents;
    const Record& asked = before.questions[0];
    const auto stored = make_storable(message, asked.owner, static_cast<RRType>(asked.type), RRClass::IN);
    ASSERT_TRUE(stored.has_value()) << round;
    const Packet packet = parse_with_ldns(stored->wire);
    ASSERT_NE(packet, nullptr) << round;
    EXPECT_FALSE(ldns_pkt_edns(packet.get()));
    Contents expected = before;
    for (Record& record : expected.records) {
      if (record.ttl > 0x7FFFFFFFU) record.ttl = 0;
    }
    const Contents after = contents_of(*packet);
    ASSERT_EQ(after.questions, expected.questions) << round;
    ASSERT_EQ(without_case(after.records), without_case(expected.records)) << round;
    ASSERT_EQ(stored->ttl_offsets.size(), expected.records.size());
    for (std::size_t index = 0; index < expected.records.size(); ++index) {
      ASSERT_EQ(get32(stored->wire, stored->ttl_offsets[index]), expected.records[index].ttl);
    }
    put16(message, 0, 0);
    rewritten += !std::ranges::equal(stored->wire,
                                     Bytes(message).first(std::min(message.size(), stored->wire.size())));
  }
  EXPECT_GT(rewritten, 100) << "the generator must reach the way that writes messages anew";
}

/// Why the two may disagree about a message. Nothing else may happen.
enum class Difference {
  /// Ours follows pointers only to earlier names, not into the header, at most 126; ldns follows them
  /// anywhere as long as the name stays within 255 octets (RFC 1035 §4.1.4: "a prior occurrence").
  pointer,
  /// Ours leaves RDATA alone when it walks records (find_rdata_names is a step of its own, for fewer
  /// types); ldns refuses bad RDATA of every type it knows.
  rdata_refused,
  /// ldns goes on where its reading of the RDATA ended, ours where RDLENGTH says (RFC 1035 §4.1.3); and
  /// ldns counts ARCOUNT down at a TSIG while it loops to it, so it misses the last record behind one.
  next_record,
};

/// Ours must accept what ldns read out of the compressed RDATA: only the way there was in dispute.
bool well_formed_once_expanded(const Record& record) {
  test::RawMessage message(0, flag::QR, {0, 1, 0, 0});
  message.u8(0).u16(record.type).u16(record.cls).u32(record.ttl);
  message.u16(static_cast<unsigned>(record.rdata->size())).raw(*record.rdata);
  const Ours ours = read_with_ours(message.bytes());
  return ours.contents && ours.contents->records[0].rdata == record.rdata;
}

bool pointer_rule(const Ours& ours) {
  return ours.name_error == NameError::bad_pointer || ours.name_error == NameError::too_many_pointers;
}

/// With all records ours found (OPT apart) made of a type nobody looks into, both must read the same.
bool agree_without_rdata(Octets message, const Ours& ours) {
  for (const std::size_t offset : ours.type_offsets) put16(message, offset, 65280);
  const Ours again = read_with_ours(message);  // a pointer may have led into a changed field
  const Packet theirs = parse_with_ldns(message);
  if (!again.contents) return !theirs || pointer_rule(again);
  return theirs && contents_of(*theirs) == *again.contents;
}

using Tally = std::map<Difference, int>;

void compare_accepted(const Octets& message, const Ours& ours, const Contents& theirs, Tally& differences) {
  ASSERT_EQ(ours.contents->questions, theirs.questions);
  Contents mine = *ours.contents;
  for (std::size_t index = 0; index < std::min(mine.records.size(), theirs.records.size()); ++index) {
    Record& record = mine.records[index];
    const Record& other = theirs.records[index];
    if (!record.rdata && well_formed_once_expanded(other)) {
      ++differences[Difference::pointer];
      record.rdata = other.rdata;
    }
  }
  if (mine == theirs) return;
  ++differences[Difference::next_record];
  ASSERT_TRUE(agree_without_rdata(message, ours)) << print(mine) << "\n" << print(theirs);
}

void compare(const Octets& message, Tally& differences, int& both_accept, int& both_reject) {
  const Ours ours = read_with_ours(message);
  const Packet theirs = parse_with_ldns(message);
  if (!ours.contents && !theirs) {
    ++both_reject;
  } else if (ours.contents && theirs) {
    ++both_accept;
    compare_accepted(message, ours, contents_of(*theirs), differences);
  } else if (ours.contents) {
    ++differences[Difference::rdata_refused];
    ASSERT_TRUE(agree_without_rdata(message, ours));
  } else if (pointer_rule(ours)) {
    ++differences[Difference::pointer];
  } else {
    ++differences[Difference::next_record];
    ASSERT_TRUE(agree_without_rdata(message, ours)) << print(contents_of(*theirs));
  }
}

/// What examine_response accepts make_storable must store, and storing must not change its meaning.
void check_storing(const Octets& message) {
  const Ours ours = read_with_ours(message);
  if (!ours.contents || ours.contents->questions.empty()) return;
  const Record& asked = ours.contents->questions[0];
  const auto type = static_cast<RRType>(asked.type);
  const auto cls = static_cast<RRClass>(asked.cls);
  const auto before = examine_response(message, asked.owner, type, cls);
  const auto stored = make_storable(message, asked.owner, type, cls);
  if (!before) return;
  ASSERT_TRUE(stored.has_value());
  const auto after = examine_response(stored->wire, asked.owner, type, cls);
  ASSERT_TRUE(after.has_value());
  EXPECT_FALSE(after->has_opt);
  if (before->has_opt || before->truncated) return;
  EXPECT_EQ(after->kind, before->kind);
  EXPECT_EQ(after->ttl, before->ttl);
}

Octets mutate(Octets message, test::MessageGenerator& generator) {
  for (unsigned changes = 1 + generator.below(3); changes > 0; --changes) {
    auto& octet = message[generator.below(message.size())];
    // Half of them small steps: lengths and pointers that are off by a little.
    octet = static_cast<std::uint8_t>(generator.below(2) == 0 ? octet + generator.below(5) - 2
                                                              : generator.below(256));
  }
  if (generator.below(10) == 0) message.resize(generator.below(message.size()));
  return message;
}

TEST(LdnsDifferential, MutatedMessages) {
  test::MessageGenerator generator(20260104);
  Tally differences;
  int both_accept = 0;
  int both_reject = 0;
  for (int round = 0; round < 3000; ++round) {
    Octets original = generator.next();
    if (round % 2 == 0) original = encode_with_ldns(*parse_with_ldns(original));
    for (int variant = 0; variant < 20; ++variant) {
      const Octets message = mutate(original, generator);
      compare(message, differences, both_accept, both_reject);
      check_storing(message);
      (void)parse_query(message);  // must stay in bounds; the sanitizers watch
      if (HasFatalFailure()) FAIL() << "round " << round << ", variant " << variant;
    }
  }
  RecordProperty("both_accept", both_accept);
  RecordProperty("both_reject", both_reject);
  RecordProperty("pointer", differences[Difference::pointer]);
  RecordProperty("rdata_refused", differences[Difference::rdata_refused]);
  RecordProperty("next_record", differences[Difference::next_record]);
  // Each difference is real (else it should leave the list) and rare.
  EXPECT_GT(both_accept + both_reject, 40000);
  EXPECT_GT(both_reject, 5000);
  for (const auto difference : {Difference::pointer, Difference::rdata_refused, Difference::next_record}) {
    EXPECT_GT(differences[difference], 0);
    EXPECT_LT(differences[difference], 6000);
  }
}

}  // namespace
}  // namespace nld::dns
