// RDATA with names in it: every layout, compressed and not, and its malformed neighbours.
#include "dns/rdata.hpp"

#include <gtest/gtest.h>

#include "raw_message.hpp"

namespace nld::dns {
namespace {

using test::RawMessage;

constexpr std::size_t kName = 12;  // "ns.example." stands there in every message below

RawMessage message_with(RRType type, const RawMessage& rdata, RRClass cls = RRClass::IN) {
  return RawMessage(1, flag::QR, {0, 2, 0, 0})
      .record("ns.example.", RRType::TXT, 1, {})
      .u8(0)
      .fields(type, 1, rdata, cls);
}

std::optional<std::vector<std::uint8_t>> expand(const RawMessage& message) {
  RecordCursor cursor(message.bytes(), read_header(message.bytes()), kHeaderSize);
  (void)cursor.next();
  const auto record = cursor.next();
  if (!record || !*record) return std::nullopt;
  std::vector<std::uint8_t> out{1, 2, 3};
  if (!expand_rdata(message.bytes(), **record, out)) return std::nullopt;
  return out;
}

struct Case {
  RRType type;
  RawMessage before;  // what stands before the names
  int names;
  RawMessage after;
};

std::vector<Case> layouts() {
  const RawMessage none;
  const auto octets = [](std::size_t count) {
    RawMessage raw;
    while (raw.size() < count) raw.u8(0x20);
    return raw;
  };
  std::vector<Case> all;
  for (const RRType type : {RRType::NS, RRType::MD, RRType::MF, RRType::CNAME, RRType::MB, RRType::MG,
                            RRType::MR, RRType::PTR, RRType::DNAME}) {
    all.push_back({type, none, 1, none});
  }
  for (const RRType type : {RRType::MX, RRType::AFSDB, RRType::RT, RRType::KX}) {
    all.push_back({type, octets(2), 1, none});
  }
  all.push_back({RRType::SOA, none, 2, octets(20)});
  all.push_back({RRType::MINFO, none, 2, none});
  all.push_back({RRType::RP, none, 2, none});
  all.push_back({RRType::PX, octets(2), 2, none});
  all.push_back({RRType::SRV, octets(6), 1, none});
  all.push_back({RRType::NAPTR, octets(4).label("u").label("").label("!x!"), 1, none});
  all.push_back({RRType::SIG, octets(18), 1, octets(7)});
  all.push_back({RRType::NXT, none, 1, octets(4)});
  all.push_back({RRType::A6, RawMessage{}.u8(64).raw(octets(8).bytes()), 1, none});
  return all;
}

RawMessage assemble(const Case& layout, bool compressed) {
  RawMessage rdata = layout.before;
  for (int name = 0; name < layout.names; ++name) {
    rdata.label("x");
    if (compressed) {
      rdata.pointer(kName);
    } else {
      rdata.name("ns.example.");
    }
  }
  return rdata.raw(layout.after.bytes());
}

TEST(Rdata, NamesAreExpandedInEveryLayout) {
  for (const Case& layout : layouts()) {
    const RawMessage plain = assemble(layout, false);
    const std::vector<std::uint8_t> expected(plain.bytes().begin(), plain.bytes().end());
    EXPECT_EQ(expand(message_with(layout.type, plain)), expected) << to_string(layout.type);
    EXPECT_EQ(expand(message_with(layout.type, assemble(layout, true))), expected) << to_string(layout.type);
  }
}

TEST(Rdata, EveryTruncationIsRefusedUnlessTheEndIsOpen) {
  for (const Case& layout : layouts()) {
    const RawMessage whole = assemble(layout, true);
    const bool open = layout.type == RRType::SIG || layout.type == RRType::NXT;
    const std::size_t needed = whole.size() - (open ? layout.after.size() : 0);
    for (std::size_t size = 0; size < needed; ++size) {
      RawMessage part;
      part.raw(whole.bytes().first(size));
      EXPECT_FALSE(expand(message_with(layout.type, part)).has_value()) << to_string(layout.type) << size;
    }
    EXPECT_EQ(expand(message_with(layout.type, RawMessage(whole).u8(1))).has_value(), open)
        << to_string(layout.type);
  }
}

TEST(Rdata, NamesMustEndInsideTheRdata) {
  // RDLENGTH ends within the name, whose rest stands in the message all the same.
  RawMessage message = message_with(RRType::NS, RawMessage{}.label("abc"));
  EXPECT_FALSE(expand(message.name("example.")).has_value());
}

TEST(Rdata, A6WithoutPrefixHasNoName) {
  RawMessage address = RawMessage{}.u8(0);
  for (int octet = 0; octet < 16; ++octet) address.u8(1);
  EXPECT_TRUE(expand(message_with(RRType::A6, address)).has_value());
  EXPECT_TRUE(expand(message_with(RRType::A6, RawMessage{}.u8(128).u8(0))).has_value());
  EXPECT_FALSE(expand(message_with(RRType::A6, RawMessage{}.u8(129).u8(0))).has_value());
}

TEST(Rdata, AddressesHaveTheirSize) {
  const auto sized = [](std::size_t size) {
    RawMessage raw;
    while (raw.size() < size) raw.u8(1);
    return raw;
  };
  for (const std::size_t size : {0U, 3U, 4U, 5U, 16U}) {
    EXPECT_EQ(expand(message_with(RRType::A, sized(size))).has_value(), size == 4);
    EXPECT_EQ(expand(message_with(RRType::AAAA, sized(size))).has_value(), size == 16);
    // Other classes have other formats (RFC 1035 §3.4 is for IN).
    EXPECT_TRUE(expand(message_with(RRType::A, sized(size), RRClass::CH)).has_value());
  }
}

TEST(Rdata, OtherTypesAreOpaque) {
  const RawMessage pointer_like = RawMessage{}.u16(0xC00C);
  for (const RRType type : {RRType::TXT, RRType::RRSIG, RRType::SVCB, static_cast<RRType>(65280)}) {
    EXPECT_EQ(expand(message_with(type, pointer_like)), (std::vector<std::uint8_t>{0xC0, 0x0C}));
  }
}

}  // namespace
}  // namespace nld::dns
