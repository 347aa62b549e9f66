// The steering table against a stand-in for nft: what is applied, what is kept, what is learned, what is
// said.
#include "net/nft/steering_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/net/nft/fake_nft.hpp"

namespace nld::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::string_view kList = "nft -s -t list table ip node-local-dns";
constexpr std::string_view kApply = "nft -f -";

RuleSet wanted(std::vector<std::string> addresses = {"169.254.20.10"}) {
  RuleRequest request;
  request.addresses = std::move(addresses);
  request.cluster_dns = "10.96.0.10";
  return *build_rule_set(request);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class SteeringTableTest : public testing::Test {
 protected:
  FakeNft nft_;
  SteeringTable table_{nft_, Family::ipv4};
};

TEST_F(SteeringTableTest, MakesTheTableWhereThereIsNone) {
  const auto repairs = table_.ensure(wanted());
  ASSERT_TRUE(repairs) << repairs.error().what;
  ASSERT_THAT(*repairs, SizeIs(1));
  EXPECT_EQ((*repairs)[0].kind, Repair::Kind::nftables);
  EXPECT_EQ((*repairs)[0].fault, Fault::missing);
  EXPECT_EQ((*repairs)[0].what, "ip node-local-dns");
  EXPECT_EQ(nft_.table, wanted().nft_table);
}

TEST_F(SteeringTableTest, LeavesAloneWhatIsRight) {
  nft_.table = wanted().nft_table;
  const auto repairs = table_.ensure(wanted());
  ASSERT_TRUE(repairs);
  EXPECT_THAT(*repairs, IsEmpty());
  EXPECT_THAT(nft_.calls, ElementsAre(kList));
}

TEST_F(SteeringTableTest, MendsInOneTransactionThatKeepsTheSets) {
  nft_.table = replaced(wanted().nft_table, "\t\tgoto steer_udp\n", "");
  const auto repairs = table_.ensure(wanted());
  ASSERT_TRUE(repairs);
  ASSERT_THAT(*repairs, SizeIs(1));
  EXPECT_EQ((*repairs)[0].fault, Fault::missing);
  EXPECT_EQ((*repairs)[0].what, "ip node-local-dns: chain pods_udp: goto steer_udp");
  ASSERT_THAT(nft_.inputs, SizeIs(1));
  EXPECT_THAT(nft_.inputs[0], HasSubstr("flush chain ip node-local-dns pods_udp\n"));
  EXPECT_THAT(nft_.inputs[0], Not(HasSubstr("delete table")));
  EXPECT_THAT(nft_.inputs[0], Not(HasSubstr("flush set")));
  EXPECT_THAT(nft_.inputs[0], Not(HasSubstr("delete set")));
  EXPECT_EQ(nft_.table, wanted().nft_table);
}

TEST_F(SteeringTableTest, StartsAnewWhenASetIsNotAsItShouldBe) {
  nft_.table = replaced(wanted().nft_table, "timeout 10s", "timeout 1m");
  ASSERT_TRUE(table_.ensure(wanted()));
  ASSERT_THAT(nft_.inputs, SizeIs(1));
  EXPECT_THAT(nft_.inputs[0], StartsWith("add table ip node-local-dns\ndelete table ip node-local-dns\n"));
  EXPECT_EQ(nft_.table, wanted().nft_table);
}

TEST_F(SteeringTableTest, StartsAnewWhenTheKernelRefusesTheTransition) {
  nft_.table = replaced(wanted().nft_table, "goto steer_udp", "accept");
  nft_.refuse = 1;
  ASSERT_TRUE(table_.ensure(wanted()));
  ASSERT_THAT(nft_.inputs, SizeIs(2));
  EXPECT_THAT(nft_.inputs[0], Not(HasSubstr("delete table")));
  EXPECT_THAT(nft_.inputs[1], HasSubstr("delete table ip node-local-dns\n"));
  EXPECT_EQ(nft_.table, wanted().nft_table);
}

TEST_F(SteeringTableTest, SaysWhyItCouldNotBeApplied) {
  nft_.refuse = 2;
  const auto repairs = table_.ensure(wanted());
  ASSERT_FALSE(repairs);
  EXPECT_EQ(repairs.error().what, "nft -f: /dev/stdin:1:1-2: Error: Device or resource busy");
  EXPECT_TRUE(nft_.table.empty());
}

TEST_F(SteeringTableTest, TakesAnotherNftsWordsForTheSameRules) {
  nft_.print = [](std::string text) { return replaced(std::move(text), "raw - 10", "-310"); };
  ASSERT_TRUE(table_.ensure(wanted()));
  const auto again = table_.ensure(wanted());
  ASSERT_TRUE(again);
  EXPECT_THAT(*again, IsEmpty());
  EXPECT_THAT(*table_.check(wanted()), IsEmpty());
  EXPECT_THAT(nft_.inputs, SizeIs(1));

  // What was learned is no licence for changes, nor for another configuration.
  nft_.table = replaced(nft_.table, "\t\tgoto steer_tcp\n", "");
  EXPECT_THAT(*table_.check(wanted()), SizeIs(1));
  EXPECT_THAT(*table_.check(wanted({"169.254.20.10", "169.254.20.11"})), Not(IsEmpty()));
}

TEST_F(SteeringTableTest, ChecksWithoutMending) {
  EXPECT_THAT(*table_.check(wanted()), SizeIs(1));
  EXPECT_THAT(nft_.calls, ElementsAre(kList));
}

TEST_F(SteeringTableTest, RemovesOnceAndIsContentWithNothingToRemove) {
  nft_.table = wanted().nft_table;
  const auto removed = table_.remove();
  ASSERT_TRUE(removed);
  ASSERT_THAT(*removed, SizeIs(1));
  EXPECT_EQ((*removed)[0].what, "ip node-local-dns");
  EXPECT_TRUE(nft_.table.empty());
  EXPECT_THAT(*table_.remove(), IsEmpty());
  EXPECT_THAT(nft_.inputs, SizeIs(1));
}

TEST_F(SteeringTableTest, ARuleSetWithoutATableRemovesIt) {
  nft_.table = wanted().nft_table;
  EXPECT_THAT(*table_.check(RuleSet{}), SizeIs(1));
  EXPECT_THAT(*table_.ensure(RuleSet{}), SizeIs(1));
  EXPECT_TRUE(nft_.table.empty());
  EXPECT_THAT(*table_.check(RuleSet{}), IsEmpty());
}

TEST_F(SteeringTableTest, SetsAllAddressesAsideAtOnce) {
  ASSERT_TRUE(table_.set_aside({"169.254.20.10", "169.254.20.11"}, true));
  EXPECT_THAT(nft_.inputs,
              ElementsAre("add element ip node-local-dns aside { 169.254.20.10, 169.254.20.11 }\n"));
}

TEST_F(SteeringTableTest, TakesBackAnAddressThatWasNotSetAside) {
  ASSERT_TRUE(table_.set_aside({"169.254.20.10"}, false));
  EXPECT_THAT(nft_.inputs, ElementsAre("add element ip node-local-dns aside { 169.254.20.10 }\n"
                                       "delete element ip node-local-dns aside { 169.254.20.10 }\n"));
  nft_.refuse = 1;
  EXPECT_FALSE(table_.set_aside({"169.254.20.10"}, false));
  EXPECT_TRUE(table_.set_aside({}, true));
  EXPECT_THAT(nft_.inputs, SizeIs(2));
}

TEST_F(SteeringTableTest, ReadsWhetherAnAddressIsSetAside) {
  nft_.other.out =
      "table ip node-local-dns {\n\tset aside {\n\t\ttype ipv4_addr\n\t\telements = { 169.254.20.10 "
      "}\n\t}\n}\n";
  EXPECT_EQ(*table_.is_aside(), true);
  nft_.other.out = "table ip node-local-dns {\n\tset aside {\n\t\ttype ipv4_addr\n\t}\n}\n";
  EXPECT_EQ(*table_.is_aside(), false);
  nft_.other = FakeNft::absent();
  EXPECT_EQ(*table_.is_aside(), false);
  EXPECT_EQ(nft_.calls.back(), "nft list set ip node-local-dns aside");
}

TEST_F(SteeringTableTest, TellsWhetherAFlowWasSteered) {
  const Flow flow{.local = "169.254.20.10", .client = "10.244.0.2", .protocol = "udp", .port = 40000};
  nft_.other = {.status = 1, .out = {}, .error = "Error: Could not process rule: File exists\n"};
  EXPECT_EQ(*table_.was_steered(flow), true);
  EXPECT_EQ(
      nft_.calls.back(),
      "nft --check create element ip node-local-dns steered-169.254.20.10 { 10.244.0.2 . udp . 40000 }");
  nft_.other = {};
  EXPECT_EQ(*table_.was_steered(flow), false);
  nft_.other = FakeNft::absent();
  EXPECT_EQ(*table_.was_steered(flow), false);
  nft_.other.error = "Error: syntax error, unexpected newline\n";
  ASSERT_FALSE(table_.was_steered(flow));
  EXPECT_THAT(table_.was_steered(flow).error().what, HasSubstr("syntax error"));
}

TEST_F(SteeringTableTest, NamesTheSetOfAnIpv6AddressWithoutColons) {
  SteeringTable table(nft_, Family::ipv6);
  ASSERT_TRUE(
      table.was_steered({.local = "fd00:20::10", .client = "fd00:244::2", .protocol = "tcp", .port = 9}));
  EXPECT_EQ(nft_.calls.back(),
            "nft --check create element ip6 node-local-dns steered-fd00-20--10 { fd00:244::2 . tcp . 9 }");
}

TEST_F(SteeringTableTest, AddsUpThePacketsOfAllAddresses) {
  nft_.other.out =
      "table ip node-local-dns {\n\tset steered_packets {\n\t\ttype ipv4_addr\n\t\tsize 64\n\t\tflags "
      "dynamic\n"
      "\t\telements = { 169.254.20.10 counter packets 172 bytes 8612,\n"
      "\t\t\t     169.254.20.11 counter packets 30 bytes 1500 }\n\t}\n}\n";
  EXPECT_EQ(*table_.steered_packets(), 202U);
  nft_.other = FakeNft::absent();
  EXPECT_EQ(*table_.steered_packets(), 0U);
}

TEST_F(SteeringTableTest, IsUsableWhenNftTakesItOnTrial) {
  EXPECT_TRUE(table_.usable(wanted()));
  EXPECT_THAT(nft_.calls, ElementsAre("nft --check -f -"));
  EXPECT_THAT(nft_.inputs[0], HasSubstr(wanted().nft_table));
  nft_.other = {
      .status = 1, .out = {}, .error = "/dev/stdin:49:1-5: Error: Could not process rule: No such file\n"};
  EXPECT_THAT(table_.usable(wanted()).error(), HasSubstr("Could not process rule"));
}

TEST_F(SteeringTableTest, PassesOnThatNftCannotBeRun) {
  nft_.broken = "nft: not found";
  EXPECT_EQ(table_.usable(wanted()).error(), "nft: not found");
  EXPECT_EQ(table_.ensure(wanted()).error().what, "nft: not found");
  EXPECT_EQ(table_.check(wanted()).error().what, "nft: not found");
  EXPECT_EQ(table_.remove().error().what, "nft: not found");
  EXPECT_EQ(table_.set_aside({"169.254.20.10"}, true).error().what, "nft: not found");
  EXPECT_EQ(table_.steered_packets().error().what, "nft: not found");
}

}  // namespace
}  // namespace nld::net
