// MessageBuilder: layout, compression, what happens when room runs out; append_opt.
#include "dns/builder.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "raw_message.hpp"

namespace nld::dns {
namespace {

using test::address;
using test::RawMessage;

Name name(std::string_view text) {
  return *Name::from_text(text);
}

std::vector<std::uint8_t> octets(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(Builder, EmptyMessageIsAZeroHeader) {
  std::vector<std::uint8_t> buffer(12, 0xFF);
  const MessageBuilder builder(buffer);
  EXPECT_EQ(octets(builder.message()), std::vector<std::uint8_t>(12, 0));
}

TEST(Builder, WholeMessage) {
  std::vector<std::uint8_t> buffer(512, 0xFF);
  MessageBuilder builder(buffer);
  builder.set_id(0x1234);
  builder.set_flags(flag::QR | flag::RD | flag::RA);
  ASSERT_TRUE(builder.add_question(name("www.Example.com").wire(), RRType::A, RRClass::IN));
  ASSERT_TRUE(builder.add_name_record(Section::answer, name("WWW.example.com").wire(), RRType::CNAME,
                                      RRClass::IN, 60, name("web.EXAMPLE.com").wire()));
  ASSERT_TRUE(builder.add_record(Section::answer, name("web.example.com").wire(), RRType::A, RRClass::IN, 30,
                                 address(1).bytes()));
  ASSERT_TRUE(builder.add_name_record(Section::authority, name("example.com").wire(), RRType::NS, RRClass::IN,
                                      90, name(".").wire()));
  ASSERT_TRUE(builder.add_opt(1232, 0x12, true, RawMessage{}.u16(3).u16(0).bytes()));

  RawMessage expected(0x1234, flag::QR | flag::RD | flag::RA, {1, 2, 1, 1});
  expected.question("www.Example.com.", RRType::A);  // labels at 12, 16, 24
  expected.pointer(12).fields(RRType::CNAME, 60, RawMessage{}.label("web").pointer(16));  // target at 45
  expected.pointer(45).fields(RRType::A, 30, address(1));
  expected.pointer(16).fields(RRType::NS, 90, RawMessage{}.u8(0));
  expected.opt(1232, 0x12008000U, RawMessage{}.u16(3).u16(0));
  EXPECT_EQ(octets(builder.message()), octets(expected.bytes()));
  EXPECT_EQ(builder.size(), expected.size());
}

TEST(Builder, RdataIsWrittenAsGiven) {
  std::vector<std::uint8_t> buffer(512);
  MessageBuilder builder(buffer);
  ASSERT_TRUE(builder.add_question(name("example.").wire(), RRType::MX, RRClass::IN));
  const RawMessage rdata = RawMessage{}.u16(10).name("example.");
  ASSERT_TRUE(builder.add_record(Section::answer, name("example.").wire(), RRType::MX, RRClass::IN, 1,
                                 rdata.bytes()));
  EXPECT_EQ(octets(builder.message().last(rdata.size())), octets(rdata.bytes()));
}

// For every smaller buffer: a refused add changes nothing, and later adds that fit still work.
TEST(Builder, RefusalsLeaveTheMessageAsItWas) {
  for (std::size_t room = kHeaderSize; room < 120; ++room) {
    std::vector<std::uint8_t> buffer(room);
    MessageBuilder builder(buffer);
    const auto checked = [&](auto&& add) {
      const auto before = octets(builder.message());
      const bool added = add();
      EXPECT_TRUE(added || octets(builder.message()) == before) << room;
      return added;
    };
    const bool asked =
        checked([&] { return builder.add_question(name("www.example.com").wire(), RRType::A, RRClass::IN); });
    EXPECT_EQ(asked, room >= 12 + 17 + 4);
    checked([&] {
      return builder.add_name_record(Section::answer, name("a.b.example.com").wire(), RRType::CNAME,
                                     RRClass::IN, 1, name("c.d.example.com").wire());
    });
    checked([&] {
      return builder.add_record(Section::answer, name("d.example.com").wire(), RRType::A, RRClass::IN, 1,
                                address(1).bytes());
    });
    checked([&] { return builder.add_opt(512, 0, false, {}); });
    const Bytes message = builder.message();
    const Header header = read_header(message);
    RecordCursor cursor(message, header, asked ? 33 : 12);
    std::size_t records = 0;
    for (;;) {
      const auto record = cursor.next();
      ASSERT_TRUE(record.has_value()) << room;
      if (!*record) break;
      ++records;
    }
    EXPECT_EQ(records, header.ancount + header.arcount);
    EXPECT_EQ(cursor.offset(), message.size());
  }
}

TEST(Builder, PointersNeverGoBeyond14Bits) {
  std::vector<std::uint8_t> buffer(kMaxMessageSize);
  MessageBuilder builder(buffer);
  const std::vector<std::uint8_t> filler(0x3FFF - kHeaderSize - 11 - 3);
  ASSERT_TRUE(builder.add_record(Section::answer, name(".").wire(), RRType::TXT, RRClass::IN, 1, filler));
  ASSERT_EQ(builder.size(), 0x3FFCU);
  // Labels at 0x3FFC (the last but one place a pointer reaches) and 0x4000 (out of reach).
  const Name owner = name("abc.defg.");
  const auto add = [&] {
    const std::size_t before = builder.size();
    EXPECT_TRUE(builder.add_record(Section::answer, owner.wire(), RRType::TXT, RRClass::IN, 1, {}));
    return builder.size() - before - 10;
  };
  EXPECT_EQ(add(), owner.size());
  EXPECT_EQ(add(), 2U) << "the whole name is in reach";
  const std::size_t before = builder.size();
  ASSERT_TRUE(builder.add_record(Section::answer, name("defg.").wire(), RRType::TXT, RRClass::IN, 1, {}));
  EXPECT_EQ(builder.size() - before - 10, 6U) << "its suffix is not";
}

TEST(Builder, ManyNamesStayRight) {
  std::vector<std::uint8_t> buffer(kMaxMessageSize);
  MessageBuilder builder(buffer);
  std::vector<Name> owners;
  for (int index = 0; index < 500; ++index) {
    owners.push_back(name("h" + std::to_string(index % 97) + ".z" + std::to_string(index % 7) + ".example"));
    ASSERT_TRUE(builder.add_record(Section::additional, owners.back().wire(), RRType::A, RRClass::IN, 1,
                                   address(1).bytes()));
  }
  RecordCursor cursor(builder.message(), read_header(builder.message()), kHeaderSize);
  for (const Name& owner : owners) {
    const auto record = cursor.next();
    ASSERT_TRUE(record.has_value() && record->has_value());
    EXPECT_EQ(read_name(builder.message(), (*record)->name_offset)->name, owner);
  }
}

TEST(Builder, NeverGrowsBeyondAMessage) {
  std::vector<std::uint8_t> buffer(70000);
  MessageBuilder builder(buffer);
  const std::vector<std::uint8_t> rdata(65535 - 12 - 11);
  EXPECT_FALSE(builder.add_record(Section::answer, name(".").wire(), RRType::TXT, RRClass::IN, 1,
                                  std::vector<std::uint8_t>(rdata.size() + 1)));
  EXPECT_TRUE(builder.add_record(Section::answer, name(".").wire(), RRType::TXT, RRClass::IN, 1, rdata));
  EXPECT_EQ(builder.size(), kMaxMessageSize);
  EXPECT_FALSE(builder.add_opt(512, 0, false, {}));
}

TEST(AppendOpt, AppendsAndCounts) {
  RawMessage message = RawMessage(1, flag::QR, {1, 0, 0, 0}).question("a.", RRType::A);
  RawMessage expected = RawMessage(1, flag::QR, {1, 0, 0, 1}).question("a.", RRType::A);
  expected.opt(1232, 0x01008000U, RawMessage{}.u16(12).u16(1).u8(0));
  const std::size_t size = message.size();
  message.octets().resize(expected.size());
  const std::size_t grown =
      append_opt(message.octets(), size, 1232, 1, true, RawMessage{}.u16(12).u16(1).u8(0).bytes());
  EXPECT_EQ(grown, expected.size());
  EXPECT_EQ(octets(message.bytes()), octets(expected.bytes()));
}

TEST(AppendOpt, NoRoomChangesNothing) {
  RawMessage message = RawMessage(1, flag::QR, {1, 0, 0, 0}).question("a.", RRType::A);
  const std::size_t size = message.size();
  message.octets().resize(size + kOptSize - 1);
  const auto before = octets(message.bytes());
  EXPECT_EQ(append_opt(message.octets(), size, 1232, 0, false, {}), size);
  EXPECT_EQ(octets(message.bytes()), before);
}

}  // namespace
}  // namespace nld::dns
