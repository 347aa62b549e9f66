// parse_query: what is a query, and which fault is reported for what is not.
#include <gtest/gtest.h>

#include <random>

#include "dns/message.hpp"
#include "raw_message.hpp"

namespace nld::dns {
namespace {

using test::address;
using test::Counts;
using test::RawMessage;

RawMessage plain_query() {
  return RawMessage(7, flag::RD, {1, 0, 0, 0}).question("www.Example.com.", RRType::AAAA);
}
RawMessage edns_query() {
  return RawMessage(7, flag::RD, {1, 0, 0, 1}).question("www.Example.com.", RRType::AAAA).opt(1232, 0x8000);
}

void expect_fault(const RawMessage& packet, QueryFault fault) {
  const auto query = parse_query(packet.bytes());
  ASSERT_FALSE(query.has_value()) << "expected " << describe(fault);
  EXPECT_EQ(describe(query.error()), describe(fault));
}

TEST(ParseQuery, Plain) {
  const RawMessage packet = plain_query();
  const auto query = parse_query(packet.bytes());
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->header.id, 7);
  EXPECT_EQ(to_text(query->name), "www.Example.com.");
  EXPECT_EQ(query->name.data(), packet.bytes().data() + kHeaderSize) << "a view, not a copy";
  EXPECT_EQ(query->type, RRType::AAAA);
  EXPECT_EQ(query->cls, RRClass::IN);
  EXPECT_EQ(query->question_end, packet.size());
  EXPECT_EQ(query->question().size(), 17U + 4U);
  EXPECT_FALSE(query->edns.has_value());
  EXPECT_FALSE(query->dnssec_ok());
}

TEST(ParseQuery, WithEdns) {
  const RawMessage packet = edns_query();
  const auto query = parse_query(packet.bytes());
  ASSERT_TRUE(query.has_value());
  ASSERT_TRUE(query->edns.has_value());
  EXPECT_EQ(query->edns->udp_size, 1232);
  EXPECT_TRUE(query->dnssec_ok());
  EXPECT_EQ(query->question_end + 11, packet.size());
}

TEST(ParseQuery, RootAndLongestName) {
  EXPECT_TRUE(parse_query(RawMessage(1, 0, {1, 0, 0, 0}).question(".", RRType::NS).bytes()).has_value());
  RawMessage longest(1, 0, {1, 0, 0, 0});
  for (const std::size_t size : {63U, 63U, 63U, 61U}) longest.label(std::string(size, 'x'));
  longest.u8(0).u16(1).u16(1);
  const auto query = parse_query(longest.bytes());
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->name.size(), kMaxNameSize);
}

TEST(ParseQuery, OtherRecordsAreTolerated) {
  RawMessage packet(1, 0, {1, 1, 1, 3});
  packet.question("a.example.", RRType::A).pointer(12).fields(RRType::A, 1, address(1));
  packet.record("ns.", RRType::NS, 1, test::target("x."));
  packet.opt().record("a.", RRType::TKEY, 0, {}).record("key.", RRType::TSIG, 0, RawMessage{}.u32(0));
  const auto query = parse_query(packet.bytes());
  ASSERT_TRUE(query.has_value());
  EXPECT_TRUE(query->edns.has_value());
}

TEST(ParseQuery, UnknownEdnsVersionIsTheServersBusiness) {
  const auto packet = RawMessage(1, 0, {1, 0, 0, 1}).question("a.", RRType::A).opt(1232, 0x00630000U);
  const auto query = parse_query(packet.bytes());
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->edns->version, 99);
}

TEST(ParseQuery, FaultOfEveryTruncation) {
  const RawMessage packet = edns_query();
  const std::size_t question_end = packet.size() - 11;
  for (std::size_t size = 0; size < packet.size(); ++size) {
    RawMessage part;
    part.raw(packet.bytes().first(size));
    expect_fault(part, size < kHeaderSize    ? QueryFault::too_short
                       : size < question_end ? QueryFault::question
                                             : QueryFault::records);
  }
}

TEST(ParseQuery, Faults) {
  expect_fault(RawMessage{}, QueryFault::too_short);
  expect_fault(RawMessage(1, flag::QR, {1, 0, 0, 0}).question("a.", RRType::A), QueryFault::response);
  expect_fault(RawMessage(1, 0x2000, {1, 0, 0, 0}).question("a.", RRType::SOA), QueryFault::opcode);
  expect_fault(RawMessage(1, 0, {0, 0, 0, 0}), QueryFault::question_count);
  expect_fault(RawMessage(1, 0, {2, 0, 0, 0}).question("a.", RRType::A).question("b.", RRType::A),
               QueryFault::question_count);
  expect_fault(RawMessage(1, 0, {1, 0, 0, 0}).u8(0x41).u8(0).u32(0x00010001), QueryFault::question);
  expect_fault(RawMessage(1, 0, {1, 0, 0, 0}).pointer(12).u32(0x00010001), QueryFault::question);
  expect_fault(RawMessage(1, 0, {1, 0, 0, 0}).label("a").pointer(2).u32(0x00010001), QueryFault::question);
  expect_fault(plain_query().u8(0), QueryFault::records);
  expect_fault(RawMessage(1, 0, {1, 0, 0, 1}).question("a.", RRType::A), QueryFault::records);
  expect_fault(edns_query().u8(0), QueryFault::records);
}

TEST(ParseQuery, NameOf256OctetsIsRefused) {
  RawMessage packet(1, 0, {1, 0, 0, 0});
  for (const std::size_t size : {63U, 63U, 63U, 62U}) packet.label(std::string(size, 'x'));
  expect_fault(packet.u8(0).u32(0x00010001), QueryFault::question);
}

TEST(ParseQuery, EdnsFaults) {
  const auto asked = [](Counts counts) { return RawMessage(1, 0, counts).question("a.", RRType::A); };
  expect_fault(asked({1, 0, 0, 2}).opt().opt(), QueryFault::edns);
  expect_fault(asked({1, 0, 0, 1}).record("a.", RRType::OPT, 0, {}), QueryFault::edns);
  expect_fault(asked({1, 0, 0, 1}).opt(1232, 0, RawMessage{}.u16(10).u16(9).text("eight oc")),
               QueryFault::edns);
  expect_fault(asked({1, 1, 0, 0}).opt(), QueryFault::edns);
  expect_fault(asked({1, 0, 1, 1}).opt().opt(), QueryFault::edns);
  // A bad OPT stays bad when a good one follows.
  expect_fault(asked({1, 0, 0, 2}).opt(1232, 0, RawMessage{}.u8(1)).opt(), QueryFault::edns);
}

// The order of QueryFault: each packet has the named fault and every later one.
TEST(ParseQuery, FirstFaultWins) {
  expect_fault(RawMessage(1, flag::QR | 0x2000, {9, 9, 9, 9}).u8(0x41), QueryFault::response);
  expect_fault(RawMessage(1, 0x2000, {9, 9, 9, 9}).u8(0x41), QueryFault::opcode);
  expect_fault(RawMessage(1, 0, {9, 9, 9, 9}).u8(0x41), QueryFault::question_count);
  expect_fault(RawMessage(1, 0, {1, 9, 9, 9}).u8(0x41), QueryFault::question);
  expect_fault(RawMessage(1, 0, {1, 0, 0, 3}).question("a.", RRType::A).opt().opt(), QueryFault::records);
}

TEST(ParseQuery, LabelsOfMetrics) {
  EXPECT_EQ(describe(QueryFault::too_short), "too_short");
  EXPECT_EQ(describe(QueryFault::question_count), "question_count");
  EXPECT_EQ(static_cast<std::size_t>(QueryFault::edns) + 1, kQueryFaultCount);
}

TEST(ParseQuery, RandomOctetsStayInBounds) {
  std::mt19937 random(2);
  for (int round = 0; round < 20000; ++round) {
    RawMessage packet = round % 2 == 0 ? plain_query() : edns_query();
    for (int change = 0; change < 3; ++change) {
      packet.octets()[random() % packet.size()] = static_cast<std::uint8_t>(random());
    }
    const auto query = parse_query(packet.bytes());
    if (!query) continue;
    EXPECT_EQ(Name::from_wire(query->name)->size(), query->name.size());
    EXPECT_LE(query->question_end, packet.size());
  }
}

}  // namespace
}  // namespace nld::dns
