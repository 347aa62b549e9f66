// Options of OPT: walking, finding, and telling whole sequences from broken ones.
#include "dns/edns.hpp"

#include <gtest/gtest.h>

#include "dns/builder.hpp"
#include "raw_message.hpp"

namespace nld::dns {
namespace {

using test::RawMessage;

TEST(Edns, WalksOptions) {
  const RawMessage options =
      RawMessage{}.u16(10).u16(8).text("clientck").u16(12).u16(0).u16(65001).u16(1).u8(7);
  Bytes rest = options.bytes();
  const auto cookie = next_option(rest);
  ASSERT_TRUE(cookie.has_value());
  EXPECT_EQ(cookie->code, OptionCode::cookie);
  EXPECT_EQ(cookie->data.size(), 8U);
  const auto padding = next_option(rest);
  ASSERT_TRUE(padding.has_value());
  EXPECT_EQ(padding->code, OptionCode::padding);
  EXPECT_TRUE(padding->data.empty());
  const auto unknown = next_option(rest);
  ASSERT_TRUE(unknown.has_value());
  EXPECT_EQ(unknown->code, static_cast<OptionCode>(65001));
  EXPECT_EQ(unknown->data[0], 7);
  EXPECT_FALSE(next_option(rest).has_value());
  EXPECT_TRUE(rest.empty());
}

TEST(Edns, WellFormed) {
  EXPECT_TRUE(options_well_formed({}));
  EXPECT_TRUE(options_well_formed(RawMessage{}.u16(3).u16(0).bytes()));
  EXPECT_FALSE(options_well_formed(RawMessage{}.u16(3).u8(0).bytes()));
  EXPECT_FALSE(options_well_formed(RawMessage{}.u16(3).u16(1).bytes()));
  EXPECT_FALSE(options_well_formed(RawMessage{}.u16(3).u16(0).u8(0).bytes()));
  EXPECT_FALSE(options_well_formed(RawMessage{}.u16(3).u16(65535).u32(0).bytes()));
}

TEST(Edns, FindsTheFirst) {
  const RawMessage options = RawMessage{}.u16(15).u16(2).u16(3).u16(15).u16(2).u16(22);
  const auto found = find_option(options.bytes(), OptionCode::extended_error);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(get16(*found, 0), 3);
  EXPECT_FALSE(find_option(options.bytes(), OptionCode::cookie).has_value());
}

TEST(Edns, EncodesExtendedErrors) {
  std::array<std::uint8_t, 16> out{};
  const std::size_t size = encode_extended_error(out, ExtendedError::stale_answer, "old");
  ASSERT_EQ(size, 9U);
  const auto found = find_option(Bytes(out).first(size), OptionCode::extended_error);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(get16(*found, 0), 3);
  EXPECT_EQ(std::string(found->begin() + 2, found->end()), "old");
  EXPECT_EQ(encode_extended_error(MutableBytes(out).first(9), ExtendedError::other, "old"), 9U);
  EXPECT_EQ(encode_extended_error(MutableBytes(out).first(8), ExtendedError::other, "old"), 0U);
  EXPECT_EQ(encode_extended_error(MutableBytes(out).first(5), ExtendedError::other, ""), 0U);
}

}  // namespace
}  // namespace nld::dns
