// make_storable: OPT and TSIG go, pointers stay right, TTLs are found, questions are filled in.
#include <gtest/gtest.h>

#include "dns/rdata.hpp"
#include "dns/response.hpp"
#include "raw_message.hpp"

namespace nld::dns {
namespace {

using test::address;
using test::Counts;
using test::RawMessage;
using test::soa;
using test::target;

const Name kAsked = *Name::from_text("www.example.");
constexpr std::uint16_t kFlags = flag::QR | flag::RD | flag::RA;

std::vector<std::uint8_t> octets(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

StorableResponse store(const RawMessage& message, RRType type = RRType::A) {
  EXPECT_TRUE(examine_response(message.bytes(), kAsked.wire(), type, RRClass::IN).has_value());
  auto stored = make_storable(message.bytes(), kAsked.wire(), type, RRClass::IN);
  EXPECT_TRUE(stored.has_value());
  return std::move(stored).value_or(StorableResponse{});
}

struct Record {
  Section section{};
  std::string owner;
  RRType type{};
  std::uint32_t ttl = 0;
  std::vector<std::uint8_t> rdata;  // expanded
  bool operator==(const Record&) const = default;
};

/// All but OPT and TSIG.
std::vector<Record> records(Bytes message, std::size_t offset) {
  std::vector<Record> all;
  RecordCursor cursor(message, read_header(message), offset);
  for (;;) {
    const auto next = cursor.next();
    EXPECT_TRUE(next.has_value());
    if (!next || !*next) return all;
    const RecordView& view = **next;
    if (view.type == RRType::OPT || view.type == RRType::TSIG) continue;
    Record record{
        view.section, read_name(message, view.name_offset)->name.to_text(), view.type, view.ttl, {}};
    EXPECT_TRUE(expand_rdata(message, view, record.rdata));
    all.push_back(std::move(record));
  }
}

void expect_same_records(const RawMessage& message, const StorableResponse& stored,
                         std::size_t question_end) {
  const auto expected = records(message.bytes(), question_end);
  EXPECT_EQ(records(stored.wire, 29), expected);
  ASSERT_EQ(stored.ttl_offsets.size(), expected.size());
  for (std::size_t index = 0; index < expected.size(); ++index) {
    EXPECT_EQ(get32(stored.wire, stored.ttl_offsets[index]), expected[index].ttl);
  }
  EXPECT_EQ(get16(stored.wire, 0), 0) << "id";
  EXPECT_EQ(get16(stored.wire, 4), 1) << "one question";
}

TEST(Storable, WithoutOptOnlyTheIdChanges) {
  RawMessage message = RawMessage(0xABCD, kFlags, {1, 1, 0, 0}).question("WWW.example.", RRType::A);
  message.pointer(12).fields(RRType::A, 300, address(1));
  const StorableResponse stored = store(message);
  RawMessage expected = RawMessage(0, kFlags, {1, 1, 0, 0}).question("WWW.example.", RRType::A);
  expected.pointer(12).fields(RRType::A, 300, address(1));
  EXPECT_EQ(stored.wire, octets(expected.bytes()));
  EXPECT_EQ(stored.ttl_offsets, (std::vector<std::uint16_t>{35}));
}

TEST(Storable, OptAtTheEndIsCut) {
  RawMessage message = RawMessage(0xABCD, kFlags, {1, 1, 0, 1}).question("www.example.", RRType::A);
  message.pointer(12).fields(RRType::A, 300, address(1));
  const std::size_t without = message.size();
  message.opt(1232, 0x8000, RawMessage{}.u16(10).u16(8).text("8 octets"));
  const StorableResponse stored = store(message);
  EXPECT_EQ(stored.wire.size(), without);
  EXPECT_EQ(get16(stored.wire, 10), 0);
  expect_same_records(message, stored, 29);
}

TEST(Storable, OptThenTsigAreCut) {
  RawMessage message = RawMessage(0xABCD, kFlags, {1, 1, 0, 3}).question("www.example.", RRType::A);
  message.pointer(12).fields(RRType::A, 300, address(1));
  message.record("x.example.", RRType::A, 5, address(2));
  const std::size_t without = message.size();
  message.opt().record("key.", RRType::TSIG, 0, RawMessage{}.u32(0));
  const StorableResponse stored = store(message);
  EXPECT_EQ(stored.wire.size(), without);
  EXPECT_EQ(get16(stored.wire, 10), 1);
  expect_same_records(message, stored, 29);
}

TEST(Storable, TrailingOctetsAreCut) {
  RawMessage message = RawMessage(0xABCD, kFlags, {1, 1, 0, 0}).question("www.example.", RRType::A);
  message.pointer(12).fields(RRType::A, 300, address(1));
  const std::size_t without = message.size();
  EXPECT_EQ(store(message.u32(0)).wire.size(), without);
}

// Every record behind the OPT compresses against names behind it, in owner and RDATA.
TEST(Storable, OptInTheMiddleKeepsPointersRight) {
  RawMessage message = RawMessage(1, kFlags, {1, 1, 0, 9}).question("www.example.", RRType::A);
  message.pointer(12).fields(RRType::A, 300, address(1));
  message.opt(1232, 0, RawMessage{}.u16(10).u16(8).text("8 octets"));
  const std::size_t after = message.size();
  message.name("late.test.").fields(RRType::A, 1, address(2));
  message.pointer(after).fields(RRType::NS, 2, RawMessage{}.label("ns").pointer(after));
  message.pointer(after + 5).fields(RRType::MX, 3, RawMessage{}.u16(10).pointer(after));
  message.pointer(after).fields(
      RRType::SOA, 4,
      RawMessage{}.pointer(after).label("m").pointer(after + 5).u32(1).u32(2).u32(3).u32(4).u32(5));
  message.pointer(after).fields(RRType::SRV, 5, RawMessage{}.u16(1).u16(2).u16(3).pointer(after + 5));
  message.pointer(after).fields(
      RRType::NAPTR, 6, RawMessage{}.u16(1).u16(2).label("s").label("SIP+D2U").label("").pointer(after));
  message.pointer(after).fields(RRType::TXT, 0x80000007U, RawMessage{}.label("text"));
  message.pointer(after).fields(static_cast<RRType>(65280), 8, RawMessage{}.u16(0xC00C));
  const StorableResponse stored = store(message);
  auto expected = records(message.bytes(), 29);
  ASSERT_EQ(expected.size(), 9U);
  EXPECT_EQ(expected[7].ttl, 0x80000007U);
  expected[7].ttl = 0;  // RFC 2181 §8, so that whoever counts TTLs down need not know
  EXPECT_EQ(records(stored.wire, 29), expected);
  EXPECT_EQ(stored.ttl_offsets.size(), 9U);
  for (std::size_t index = 0; index < expected.size(); ++index) {
    EXPECT_EQ(get32(stored.wire, stored.ttl_offsets[index]), expected[index].ttl);
  }
  EXPECT_EQ(get16(stored.wire, 10), 8);
}

// A perverse server: a name that lives in the OPT's own option data.
TEST(Storable, PointerIntoTheOptIsResolved) {
  RawMessage message = RawMessage(1, kFlags, {1, 0, 0, 2}).question("www.example.", RRType::A);
  message.opt(1232, 0, RawMessage{}.u16(65001).u16(3).label("a").u8(0));
  message.pointer(29 + 11 + 4).fields(RRType::A, 1, address(1));
  const StorableResponse stored = store(message);
  const auto kept = records(stored.wire, 29);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].owner, "a.");
}

TEST(Storable, MissingQuestionIsFilledIn) {
  RawMessage message(9, flag::QR | 2, {0, 0, 1, 1});
  message.opt(1232);
  message.octets()[9] = 0;  // only the OPT, in additional
  const StorableResponse stored = store(message);
  RawMessage expected(0, flag::QR | 2, {1, 0, 0, 0});
  expected.question("www.example.", RRType::A);
  EXPECT_EQ(stored.wire, octets(expected.bytes()));
  EXPECT_TRUE(stored.ttl_offsets.empty());
}

TEST(Storable, MissingQuestionShiftsPointers) {
  RawMessage message(9, flag::QR | 5, {0, 0, 2, 0});
  message.record("example.", RRType::SOA, 7, soa(8))
      .pointer(12)
      .fields(RRType::NS, 9, RawMessage{}.pointer(12));
  const StorableResponse stored = store(message);
  expect_same_records(message, stored, kHeaderSize);
}

TEST(Storable, CutOffRecordsOfATruncatedMessageGo) {
  RawMessage message = RawMessage(1, kFlags | flag::TC, {1, 2, 0, 0}).question("www.example.", RRType::A);
  message.pointer(12).fields(RRType::A, 300, address(1)).pointer(12).u16(1);
  const StorableResponse stored = store(message);
  const auto expected = RawMessage(0, kFlags | flag::TC, {1, 0, 0, 0}).question("www.example.", RRType::A);
  EXPECT_EQ(stored.wire, octets(expected.bytes()));
}

TEST(Storable, WholeRecordsOfATruncatedMessageStay) {
  RawMessage message = RawMessage(1, kFlags | flag::TC, {1, 1, 0, 0}).question("www.example.", RRType::A);
  message.pointer(12).fields(RRType::A, 300, address(1));
  expect_same_records(message, store(message), 29);
}

TEST(Storable, RefusesWhatExamineRefuses) {
  RawMessage message = RawMessage(1, kFlags, {1, 2, 0, 0}).question("www.example.", RRType::A);
  message.pointer(12).fields(RRType::A, 300, address(1));
  const auto stored = make_storable(message.bytes(), kAsked.wire(), RRType::A, RRClass::IN);
  ASSERT_FALSE(stored.has_value());
  EXPECT_EQ(stored.error(), ResponseFault::malformed);
  EXPECT_EQ(make_storable({}, kAsked.wire(), RRType::A, RRClass::IN).error(), ResponseFault::too_short);
}

}  // namespace
}  // namespace nld::dns
