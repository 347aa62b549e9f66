// The header, the walk over records, and OPT records.
#include "dns/message.hpp"

#include <gtest/gtest.h>

#include "raw_message.hpp"

namespace nld::dns {
namespace {

using test::address;
using test::RawMessage;

TEST(Message, Header) {
  const RawMessage message(0xBEEF, 0xA980, {1, 2, 3, 4});
  const Header header = read_header(message.bytes());
  EXPECT_EQ(header.id, 0xBEEF);
  EXPECT_EQ(header.qdcount, 1);
  EXPECT_EQ(header.ancount, 2);
  EXPECT_EQ(header.nscount, 3);
  EXPECT_EQ(header.arcount, 4);
  EXPECT_TRUE(header.has(flag::QR));
  EXPECT_TRUE(header.has(flag::RD));
  EXPECT_TRUE(header.has(flag::RA));
  EXPECT_FALSE(header.has(flag::AA));
  EXPECT_FALSE(header.has(flag::TC));
  EXPECT_EQ(header.opcode(), Opcode::UPDATE);
}

TEST(Message, WalksRecordsOfAllSections) {
  RawMessage message(1, flag::QR, {1, 1, 0, 2});
  message.question("a.example.", RRType::A);
  const std::size_t answer = message.size();
  message.pointer(12).fields(RRType::A, 300, address(1));
  const std::size_t additional = message.size();
  message.record("b.example.", RRType::TXT, 0x80000001U, RawMessage{}.label("x"));
  message.opt();
  RecordCursor cursor(message.bytes(), read_header(message.bytes()), answer);

  auto next = cursor.next();
  ASSERT_TRUE(next.has_value() && next->has_value());
  EXPECT_EQ((*next)->section, Section::answer);
  EXPECT_EQ((*next)->name_offset, answer);
  EXPECT_EQ((*next)->type, RRType::A);
  EXPECT_EQ((*next)->cls, RRClass::IN);
  EXPECT_EQ((*next)->ttl, 300U);
  EXPECT_EQ((*next)->ttl_offset, answer + 6);
  EXPECT_EQ((*next)->rdata_offset, answer + 12);
  EXPECT_EQ((*next)->rdata_size, 4U);
  EXPECT_EQ((*next)->end, additional);

  next = cursor.next();
  ASSERT_TRUE(next.has_value() && next->has_value());
  EXPECT_EQ((*next)->section, Section::additional);
  EXPECT_EQ((*next)->ttl, 0x80000001U);
  EXPECT_EQ((*next)->effective_ttl(), 0U);

  next = cursor.next();
  ASSERT_TRUE(next.has_value() && next->has_value());
  EXPECT_EQ((*next)->type, RRType::OPT);

  for (int again = 0; again < 2; ++again) {
    next = cursor.next();
    ASSERT_TRUE(next.has_value());
    EXPECT_FALSE(next->has_value());
  }
  EXPECT_EQ(cursor.offset(), message.size());
}

TEST(Message, EveryTruncationIsNoticed) {
  RawMessage message(1, flag::QR, {0, 1, 0, 0});
  message.record("b.example.", RRType::TXT, 60, RawMessage{}.label("text"));
  for (std::size_t size = kHeaderSize; size < message.size(); ++size) {
    const Bytes part = message.bytes().first(size);
    const auto next = RecordCursor(part, read_header(part), kHeaderSize).next();
    ASSERT_FALSE(next.has_value()) << size;
    EXPECT_EQ(next.error(), size < 23 ? MessageError::bad_name : MessageError::truncated_record) << size;
  }
}

TEST(Message, CountsBeyondTheRecordsAreNoticed) {
  const RawMessage message(1, flag::QR, {0, 0, 0, 65535});
  const auto next = RecordCursor(message.bytes(), read_header(message.bytes()), kHeaderSize).next();
  ASSERT_FALSE(next.has_value());
  EXPECT_EQ(next.error(), MessageError::bad_name);
  EXPECT_FALSE(describe(next.error()).empty());
}

std::optional<Edns> opt_of(const RawMessage& message) {
  const Header header = read_header(message.bytes());
  const auto record = RecordCursor(message.bytes(), header, kHeaderSize).next();
  return read_opt(message.bytes(), **record);
}

TEST(Message, Opt) {
  const auto edns = opt_of(RawMessage(1, 0, {0, 0, 0, 1}).opt(4096, 0x17008000U, RawMessage{}.u16(3).u16(0)));
  ASSERT_TRUE(edns.has_value());
  EXPECT_EQ(edns->udp_size, 4096);
  EXPECT_EQ(edns->extended_rcode, 0x17);
  EXPECT_EQ(edns->version, 0);
  EXPECT_TRUE(edns->dnssec_ok);
  EXPECT_EQ(edns->options.size(), 4U);
}

TEST(Message, SmallUdpSizesCountAs512) {
  EXPECT_EQ(opt_of(RawMessage(1, 0, {0, 0, 0, 1}).opt(0))->udp_size, 512);
  EXPECT_EQ(opt_of(RawMessage(1, 0, {0, 0, 0, 1}).opt(511))->udp_size, 512);
  EXPECT_EQ(opt_of(RawMessage(1, 0, {0, 0, 0, 1}).opt(513))->udp_size, 513);
}

TEST(Message, OtherEdnsVersionsAreNotLookedInto) {
  const auto edns = opt_of(RawMessage(1, 0, {0, 0, 0, 1}).opt(1232, 0x00010000U, RawMessage{}.u8(1)));
  ASSERT_TRUE(edns.has_value());
  EXPECT_EQ(edns->version, 1);
  EXPECT_FALSE(edns->dnssec_ok);
  EXPECT_TRUE(edns->options.empty());
}

TEST(Message, BadOpts) {
  EXPECT_FALSE(opt_of(RawMessage(1, 0, {0, 1, 0, 0}).opt()).has_value());
  EXPECT_FALSE(opt_of(RawMessage(1, 0, {0, 0, 1, 0}).opt()).has_value());
  EXPECT_FALSE(opt_of(RawMessage(1, 0, {0, 0, 0, 1}).record("a.", RRType::OPT, 0, {})).has_value());
  EXPECT_FALSE(opt_of(RawMessage(1, 0, {0, 0, 0, 1}).opt(1232, 0, RawMessage{}.u8(1))).has_value());
}

}  // namespace
}  // namespace nld::dns
