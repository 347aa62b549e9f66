// Names with compression pointers: what is read, what is refused, and that all three readers agree.
#include <gtest/gtest.h>

#include "dns/name.hpp"
#include "raw_message.hpp"

namespace nld::dns {
namespace {

using test::RawMessage;

const RawMessage kHeaderOnly(0, 0, {});

void expect_error(const RawMessage& message, std::size_t offset, NameError error) {
  const auto read = read_name(message.bytes(), offset);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error(), error) << describe(read.error());
  const auto skipped = skip_name(message.bytes(), offset);
  ASSERT_FALSE(skipped.has_value());
  EXPECT_EQ(skipped.error(), error);
  EXPECT_FALSE(name_at_equals(message.bytes(), offset, Name{}.wire()));
}

TEST(CompressedName, PlainAndPointed) {
  RawMessage message = kHeaderOnly;
  message.name("www.Example.com.");   // 12–28
  message.label("mail").pointer(16);  // 29–35: mail.Example.com.
  message.pointer(29);                // 36–37
  message.u8(0);                      // 38
  message.pointer(28);                // 39: to a root
  const struct {
    std::size_t offset;
    std::string_view text;
    std::size_t end;
  } cases[] = {{12, "www.Example.com.", 29},
               {16, "Example.com.", 29},
               {29, "mail.Example.com.", 36},
               {36, "mail.Example.com.", 38},
               {38, ".", 39},
               {39, ".", 41}};
  for (const auto& each : cases) {
    const auto read = read_name(message.bytes(), each.offset);
    ASSERT_TRUE(read.has_value()) << each.offset;
    EXPECT_EQ(read->name.to_text(), each.text);
    EXPECT_EQ(read->end, each.end);
    EXPECT_EQ(skip_name(message.bytes(), each.offset), each.end);
    EXPECT_TRUE(name_at_equals(message.bytes(), each.offset, read->name.lowered().wire()));
  }
  EXPECT_EQ(read_name(message.bytes(), 29)->name.wire().back(), 0);
}

TEST(CompressedName, ComparesWhole) {
  RawMessage message = kHeaderOnly;
  message.name("www.example.com.");
  const auto equals = [&](std::string_view text) {
    return name_at_equals(message.bytes(), 12, Name::from_text(text)->wire());
  };
  EXPECT_TRUE(equals("WWW.example.COM."));
  EXPECT_FALSE(equals("www.example."));
  EXPECT_FALSE(equals("www.example.com.x."));
  EXPECT_FALSE(equals("ww.example.com."));
  EXPECT_FALSE(equals("wwww.example.com."));
  EXPECT_FALSE(equals("."));
}

TEST(CompressedName, Refused) {
  expect_error(kHeaderOnly, 12, NameError::truncated);
  expect_error(kHeaderOnly, 4000, NameError::truncated);
  expect_error(RawMessage(kHeaderOnly).u8(5).text("abc"), 12, NameError::truncated);
  expect_error(RawMessage(kHeaderOnly).label("abc"), 12, NameError::truncated);
  expect_error(RawMessage(kHeaderOnly).u8(0xC0), 12, NameError::truncated);
  expect_error(RawMessage(kHeaderOnly).u8(0x40).u8(0), 12, NameError::bad_label_type);
  expect_error(RawMessage(kHeaderOnly).u8(0x80).u8(0), 12, NameError::bad_label_type);
  expect_error(RawMessage(kHeaderOnly).u8(0xBF).u8(0), 12, NameError::bad_label_type);
}

TEST(CompressedName, PointersMustGoToEarlierNames) {
  expect_error(RawMessage(kHeaderOnly).pointer(12), 12, NameError::bad_pointer);             // itself
  expect_error(RawMessage(kHeaderOnly).pointer(14).u8(0), 12, NameError::bad_pointer);       // forward
  expect_error(RawMessage(kHeaderOnly).label("a").pointer(12), 12, NameError::bad_pointer);  // its own start
  expect_error(RawMessage(kHeaderOnly).label("a").pointer(13), 12, NameError::bad_pointer);  // its own middle
  expect_error(RawMessage(kHeaderOnly).pointer(4), 12, NameError::bad_pointer);              // the header
  expect_error(RawMessage(kHeaderOnly).pointer(0x3FFF), 12, NameError::bad_pointer);         // beyond the end
  // Two names that point to each other.
  expect_error(RawMessage(kHeaderOnly).label("a").pointer(16).label("b").pointer(12), 16,
               NameError::bad_pointer);
}

// 0x02 of a TTL, say, taken for a label that takes in the pointer itself.
TEST(CompressedName, PointersMustNotReachIntoTheNameTheyStandIn) {
  RawMessage message = kHeaderOnly;
  message.u8(2).pointer(12).u8(0);
  expect_error(message, 13, NameError::bad_pointer);
  RawMessage open = kHeaderOnly;
  open.label("ab").pointer(12).u8(0);
  expect_error(open, 15, NameError::bad_pointer);
}

TEST(CompressedName, LengthCountsAcrossPointers) {
  RawMessage message = kHeaderOnly;
  const std::string label63(63, 'x');
  message.label(label63).label(label63).label(label63).u8(0);  // 193 octets
  const std::size_t fits = message.size();
  message.label(std::string(61, 'y')).pointer(12);
  const std::size_t too_long = message.size();
  message.label(std::string(62, 'y')).pointer(12);
  ASSERT_TRUE(read_name(message.bytes(), fits).has_value());
  EXPECT_EQ(read_name(message.bytes(), fits)->name.size(), kMaxNameSize);
  expect_error(message, too_long, NameError::name_too_long);
}

TEST(CompressedName, ChainsOfPointersAreBounded) {
  RawMessage message = kHeaderOnly;
  message.u8(0);
  std::size_t last = 12;
  for (int hop = 1; hop <= 126; ++hop) {
    const std::size_t here = message.size();
    message.pointer(last);
    last = here;
  }
  EXPECT_TRUE(skip_name(message.bytes(), last).has_value());
  const std::size_t one_more = message.size();
  message.pointer(last);
  expect_error(message, one_more, NameError::too_many_pointers);
}

}  // namespace
}  // namespace nld::dns
