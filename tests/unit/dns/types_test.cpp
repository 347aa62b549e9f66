// Mnemonics both ways, the generic forms, and what is refused.
#include "dns/types.hpp"

#include <gtest/gtest.h>

namespace nld::dns {
namespace {

constexpr auto type(unsigned number) {
  return static_cast<RRType>(number);
}
constexpr auto rcode(unsigned number) {
  return static_cast<Rcode>(number);
}

TEST(Types, MnemonicsOfTypes) {
  const struct {
    unsigned number;
    std::string_view text;
  } cases[] = {{1, "A"},     {28, "AAAA"},  {23, "NSAP-PTR"}, {29, "LOC"},   {39, "DNAME"}, {44, "SSHFP"},
               {52, "TLSA"}, {65, "HTTPS"}, {64, "SVCB"},     {255, "ANY"},  {256, "URI"},  {257, "CAA"},
               {99, "SPF"},  {250, "TSIG"}, {264, "IPN"},     {32768, "TA"}, {32769, "DLV"}};
  for (const auto& [number, text] : cases) {
    EXPECT_EQ(mnemonic(type(number)), text);
    EXPECT_EQ(to_string(type(number)), text);
    EXPECT_EQ(parse_rrtype(text), type(number)) << text;
  }
}

TEST(Types, UnassignedTypesHaveOnlyTheGenericForm) {
  for (const unsigned number : {0U, 54U, 265U, 65280U, 65535U}) {
    EXPECT_TRUE(mnemonic(type(number)).empty()) << number;
    EXPECT_EQ(to_string(type(number)), "TYPE" + std::to_string(number));
  }
}

TEST(Types, EveryTypeRoundTrips) {
  for (unsigned number = 0; number <= 0xFFFF; ++number) {
    ASSERT_EQ(parse_rrtype(to_string(type(number))), type(number)) << number;
    ASSERT_EQ(parse_rrtype("TYPE" + std::to_string(number)), type(number)) << number;
  }
}

TEST(Types, ParsingIgnoresCase) {
  EXPECT_EQ(parse_rrtype("aaaa"), RRType::AAAA);
  EXPECT_EQ(parse_rrtype("Type28"), RRType::AAAA);
  EXPECT_EQ(parse_rrclass("in"), RRClass::IN);
  EXPECT_EQ(parse_rcode("nxdomain"), Rcode::NXDOMAIN);
}

TEST(Types, ParsingRefuses) {
  for (const std::string_view text : {"", "AAAAA", "TYPE", "TYPE65536", "TYPE-1", "TYPE 1", "TYPE1x",
                                      "TYPE+1", "28", "CLASS1", "TYPE99999999999999999999"}) {
    EXPECT_FALSE(parse_rrtype(text)) << text;
  }
  for (const std::string_view text : {"", "CLASS", "CLASS65536", "INN", "TYPE1", "1"}) {
    EXPECT_FALSE(parse_rrclass(text)) << text;
  }
  for (const std::string_view text : {"", "RCODE4096", "RCODE", "NXDOMAINS", "3"}) {
    EXPECT_FALSE(parse_rcode(text)) << text;
  }
}

TEST(Types, Classes) {
  EXPECT_EQ(mnemonic(RRClass::IN), "IN");
  EXPECT_EQ(to_string(static_cast<RRClass>(32)), "CLASS32");
  EXPECT_EQ(parse_rrclass("CLASS32"), static_cast<RRClass>(32));
  EXPECT_EQ(parse_rrclass("ANY"), RRClass::ANY);
  EXPECT_EQ(parse_rrclass("ch"), RRClass::CH);
}

// The spellings of CoreDNS's metrics and logs.
TEST(Types, RcodesAsCoreDnsSpellsThem) {
  const std::string_view low[] = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
                                  "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE", "DSOTYPENI"};
  for (unsigned number = 0; number < std::size(low); ++number) {
    EXPECT_EQ(to_string(rcode(number)), low[number]);
    EXPECT_EQ(parse_rcode(low[number]), rcode(number));
  }
  const std::string_view high[] = {"BADSIG",  "BADKEY", "BADTIME",  "BADMODE",
                                   "BADNAME", "BADALG", "BADTRUNC", "BADCOOKIE"};
  for (unsigned index = 0; index < std::size(high); ++index) {
    EXPECT_EQ(to_string(rcode(16 + index)), high[index]);
    EXPECT_EQ(parse_rcode(high[index]), rcode(16 + index));
  }
  EXPECT_EQ(parse_rcode("BADVERS"), Rcode::BADVERS);
  EXPECT_EQ(parse_rcode("NOTIMPL"), Rcode::NOTIMP);
  EXPECT_EQ(to_string(rcode(3841)), "RCODE3841");
  EXPECT_EQ(parse_rcode("RCODE3841"), rcode(3841));
}

TEST(Types, Opcodes) {
  EXPECT_EQ(mnemonic(Opcode::QUERY), "QUERY");
  EXPECT_EQ(mnemonic(Opcode::NOTIFY), "NOTIFY");
  EXPECT_EQ(mnemonic(Opcode::DSO), "DSO");
  EXPECT_TRUE(mnemonic(static_cast<Opcode>(3)).empty());
}

TEST(Types, MetaTypes) {
  for (const unsigned number : {41U, 128U, 249U, 250U, 255U}) EXPECT_TRUE(is_meta(type(number))) << number;
  for (const unsigned number : {1U, 40U, 42U, 127U, 256U}) EXPECT_FALSE(is_meta(type(number))) << number;
}

}  // namespace
}  // namespace nld::dns
