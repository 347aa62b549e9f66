// Listings of nft: taken apart, compared, and turned into one another.
#include "net/nft/listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nld::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::string_view kTable = "ip t";
constexpr std::string_view kWanted =
    "table ip t {\n"
    "\tset s {\n"
    "\t\ttype ipv4_addr\n"
    "\t}\n"
    "\n"
    "\tchain c {\n"
    "\t\ttype filter hook input priority raw; policy accept;\n"
    "\t\tsocket wildcard { 0, 1 } accept\n"
    "\t\tip saddr @s drop\n"
    "\t}\n"
    "}\n";

std::string changed(std::string_view from, std::string_view to) {
  std::string text(kWanted);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::vector<std::string> said(const std::vector<Repair>& repairs) {
  std::vector<std::string> lines;
  for (const Repair& repair : repairs) {
    EXPECT_EQ(repair.kind, Repair::Kind::nftables);
    const char* fault = repair.fault == Fault::missing      ? "missing"
                        : repair.fault == Fault::duplicated ? "duplicated"
                        : repair.fault == Fault::altered    ? "altered"
                        : repair.fault == Fault::stale      ? "stale"
                                                            : "out of order";
    lines.push_back(std::string(fault) + " " + repair.what);
  }
  return lines;
}

std::vector<std::string> compared(std::string_view actual) {
  return said(compare_listings(kWanted, actual, kTable));
}

TEST(Listing, IsTakenApartByItsBraces) {
  const auto objects = parse_listing(kWanted);
  ASSERT_THAT(objects, SizeIs(2));
  EXPECT_EQ(objects[0].kind, "set");
  EXPECT_EQ(objects[0].name, "s");
  EXPECT_THAT(objects[0].lines, ElementsAre("type ipv4_addr"));
  EXPECT_EQ(objects[1].name, "c");
  EXPECT_THAT(objects[1].lines, SizeIs(3));
}

TEST(Listing, OfNothingOrOfSomethingElseIsEmpty) {
  EXPECT_THAT(parse_listing(""), IsEmpty());
  EXPECT_THAT(parse_listing("}\n}\nError: what { is this\n"), IsEmpty());
  EXPECT_THAT(parse_listing("table ip t {\n\tflags dormant\n}\n"), IsEmpty());
  EXPECT_THAT(parse_listing("\tset s {"), SizeIs(1));
}

TEST(Comparison, FindsNoFaultInTheSameText) {
  EXPECT_THAT(compared(kWanted), IsEmpty());
}

TEST(Comparison, NamesEachKindOfFault) {
  EXPECT_THAT(compared(""), ElementsAre("missing ip t"));
  EXPECT_THAT(compared(changed("\t\tip saddr @s drop\n", "")),
              ElementsAre("missing ip t: chain c: ip saddr @s drop"));
  EXPECT_THAT(compared(changed("\t\tip saddr @s drop\n", "\t\tip saddr @s drop\n\t\tip saddr @s drop\n")),
              ElementsAre("duplicated ip t: chain c: ip saddr @s drop"));
  EXPECT_THAT(
      compared(changed("@s drop", "@s accept")),
      ElementsAre("missing ip t: chain c: ip saddr @s drop", "stale ip t: chain c: ip saddr @s accept"));
  EXPECT_THAT(compared(changed("\t\tsocket wildcard { 0, 1 } accept\n\t\tip saddr @s drop\n",
                               "\t\tip saddr @s drop\n\t\tsocket wildcard { 0, 1 } accept\n")),
              ElementsAre("out of order ip t: chain c"));
  EXPECT_THAT(compared(changed("table ip t {\n", "table ip t {\n\tflags dormant\n\n")),
              ElementsAre("altered ip t"));
  EXPECT_THAT(compared(changed("\tchain c {", "\tchain d {\n\t\taccept\n\t}\n\n\tchain c {")),
              ElementsAre("stale ip t: chain d"));
}

TEST(Comparison, HasOneEntryForManyLinesOfOneObject) {
  EXPECT_THAT(compared(changed("\t\tsocket wildcard { 0, 1 } accept\n\t\tip saddr @s drop\n", "")),
              ElementsAre("missing ip t: chain c: socket wildcard { 0, 1 } accept (and 1 more)"));
}

TEST(Transition, FromNothingIsTheTableItself) {
  EXPECT_EQ(transition(kWanted, "", kTable), kWanted);
}

TEST(Transition, ClearsChainsBeforeItDeletesThemAndSetsLast) {
  const std::string actual = changed("\tchain c {", "\tset old {\n\t\ttype mark\n\t}\n\n\tchain c {");
  EXPECT_EQ(transition(kWanted, actual, kTable),
            "flush chain ip t c\ndelete chain ip t c\ndelete set ip t old\n" + std::string(kWanted));
}

TEST(Transition, MakesTheTableAnewForAnotherKindOfSet) {
  EXPECT_EQ(transition(kWanted, changed("type ipv4_addr", "type mark"), kTable),
            "add table ip t\ndelete table ip t\n" + std::string(kWanted));
}

TEST(Transition, AddsASetThatIsMissing) {
  EXPECT_THAT(transition(kWanted, changed("\tset s {\n\t\ttype ipv4_addr\n\t}\n\n", ""), kTable),
              Not(HasSubstr("delete table")));
}

}  // namespace
}  // namespace nld::net
