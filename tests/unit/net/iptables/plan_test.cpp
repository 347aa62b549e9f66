// One fault, one plan: the exact restore input, and what is said about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/net/iptables/kernel_model.hpp"

namespace nld::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kTcp = "-d 169.254.20.10/32 -p tcp -m tcp --dport 53 -j NODE-LOCAL-DNS";
constexpr auto kUdp = "-d 169.254.20.10/32 -p udp -m udp --dport 53 -j NODE-LOCAL-DNS";
constexpr auto kForeign = "-m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES";

RuleSet ipvs_set() {
  return {.family = Family::ipv4,
          .chains = {{.table = "nat",
                      .name = "NODE-LOCAL-DNS",
                      .rules = {"-m socket -j RETURN",
                                "-d 169.254.20.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination "
                                "10.96.0.10:53"}}},
          .rules = {{.table = "nat", .chain = "PREROUTING", .spec = kTcp},
                    {.table = "nat", .chain = "PREROUTING", .spec = kUdp},
                    {.table = "raw", .chain = "OUTPUT", .spec = "-s 169.254.20.10/32 -p udp -j NOTRACK"}},
          .nft_table = {}};
}

SavedTable healthy() {
  SavedTable table;
  table.chains["PREROUTING"] = {kForeign, kTcp, kUdp};
  table.chains["KUBE-SERVICES"] = {};
  table.chains["NODE-LOCAL-DNS"] = ipvs_set().chains.front().rules;
  return table;
}

/// "fault: what", for each.
std::vector<std::string> told(const RepairPlan& plan) {
  std::vector<std::string> list;
  for (const Repair& repair : plan.repairs) {
    EXPECT_EQ(repair.kind, Repair::Kind::iptables);
    list.push_back(std::string(to_string(repair.fault)) + ": " + repair.what);
  }
  return list;
}

TEST(Plan, NothingWrongNothingDone) {
  const RepairPlan plan = plan_repair(ipvs_set(), "nat", healthy());
  EXPECT_EQ(plan.input, "");
  EXPECT_THAT(plan.repairs, IsEmpty());
}

TEST(Plan, AnEmptyTable) {
  SavedTable empty;
  empty.chains["PREROUTING"] = {};
  const RepairPlan plan = plan_repair(ipvs_set(), "nat", empty);
  EXPECT_EQ(plan.input, R"(*nat
:NODE-LOCAL-DNS - [0:0]
-A NODE-LOCAL-DNS -m socket -j RETURN
-A NODE-LOCAL-DNS -d 169.254.20.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination 10.96.0.10:53
-I PREROUTING 1 -d 169.254.20.10/32 -p udp -m udp --dport 53 -j NODE-LOCAL-DNS
-I PREROUTING 1 -d 169.254.20.10/32 -p tcp -m tcp --dport 53 -j NODE-LOCAL-DNS
COMMIT
)");
  EXPECT_THAT(told(plan),
              ElementsAre("missing: nat NODE-LOCAL-DNS", std::string("missing: nat PREROUTING: ") + kUdp,
                          std::string("missing: nat PREROUTING: ") + kTcp));
}

// A table that the legacy backend has not made yet has no chains at all.
TEST(Plan, ATableThatIsNotThere) {
  EXPECT_EQ(plan_repair(ipvs_set(), "raw", {}).input,
            "*raw\n-I OUTPUT 1 -s 169.254.20.10/32 -p udp -j NOTRACK\nCOMMIT\n");
  EXPECT_EQ(plan_repair(ipvs_set(), "filter", {}).input, "");
}

TEST(Plan, OtherTablesAreLeftOut) {
  SavedTable raw;
  raw.chains["OUTPUT"] = {"-s 169.254.20.10/32 -p udp -j CT --notrack"};
  EXPECT_EQ(plan_repair(ipvs_set(), "raw", raw).input, "");
}

TEST(Plan, AMissingRuleGoesBeforeTheNext) {
  SavedTable table = healthy();
  table.chains["PREROUTING"] = {kForeign, kUdp, kForeign};
  EXPECT_EQ(plan_repair(ipvs_set(), "nat", table).input,
            std::string("*nat\n-I PREROUTING 2 ") + kTcp + "\nCOMMIT\n");
}

TEST(Plan, AMissingLastRuleGoesAfterTheOneBefore) {
  SavedTable table = healthy();
  table.chains["PREROUTING"] = {kTcp, kForeign};
  EXPECT_EQ(plan_repair(ipvs_set(), "nat", table).input,
            std::string("*nat\n-I PREROUTING 2 ") + kUdp + "\nCOMMIT\n");
}

TEST(Plan, ADuplicate) {
  SavedTable table = healthy();
  table.chains["PREROUTING"] = {kTcp, kUdp, kForeign, kTcp, kUdp};
  const RepairPlan plan = plan_repair(ipvs_set(), "nat", table);
  EXPECT_EQ(plan.input,
            std::string("*nat\n-D PREROUTING ") + kTcp + "\n-D PREROUTING " + kUdp + "\nCOMMIT\n");
  EXPECT_THAT(told(plan), ElementsAre(std::string("duplicated: nat PREROUTING: ") + kTcp,
                                      std::string("duplicated: nat PREROUTING: ") + kUdp));
}

// Both names of the target may be there: each is deleted under its own.
TEST(Plan, ADuplicateUnderAnotherSpelling) {
  SavedTable raw;
  raw.chains["OUTPUT"] = {"-s 169.254.20.10/32 -p udp -j CT --notrack",
                          "-s 169.254.20.10/32 -p udp -j NOTRACK"};
  EXPECT_EQ(plan_repair(ipvs_set(), "raw", raw).input,
            "*raw\n-D OUTPUT -s 169.254.20.10/32 -p udp -j CT --notrack\nCOMMIT\n");
}

TEST(Plan, SwappedRules) {
  SavedTable table = healthy();
  table.chains["PREROUTING"] = {kUdp, kForeign, kTcp};
  const RepairPlan plan = plan_repair(ipvs_set(), "nat", table);
  KernelModel kernel(table);
  ASSERT_TRUE(kernel.restore(plan.input)) << plan.input;
  EXPECT_THAT(kernel.table().chains.at("PREROUTING"), ElementsAre(kTcp, kUdp, kForeign));
  EXPECT_THAT(told(plan), ElementsAre(std::string("out of order: nat PREROUTING: ") + kTcp));
}

TEST(Plan, AnOldAddressGoesWhereverItStands) {
  constexpr auto kOld = "-d 169.254.20.9/32 -p udp -m udp --dport 53 -j NODE-LOCAL-DNS";
  SavedTable table = healthy();
  table.chains["PREROUTING"].emplace_back(kOld);
  table.chains["KUBE-SERVICES"] = {"-j RETURN", kOld};
  const RepairPlan plan = plan_repair(ipvs_set(), "nat", table);
  EXPECT_EQ(plan.input,
            std::string("*nat\n-D KUBE-SERVICES ") + kOld + "\n-D PREROUTING " + kOld + "\nCOMMIT\n");
  EXPECT_THAT(told(plan), ElementsAre(std::string("stale: nat KUBE-SERVICES: ") + kOld,
                                      std::string("stale: nat PREROUTING: ") + kOld));
}

struct ChainCase {
  std::vector<std::string> present;
  Fault fault;
};

// Declaring the chain empties it: whatever was wrong, it is written anew.
TEST(Plan, AChainOfOursThatDiffers) {
  const auto rules = ipvs_set().chains.front().rules;
  const std::vector<ChainCase> cases{{{}, Fault::missing},
                                     {{rules[0]}, Fault::missing},
                                     {{rules[1], rules[0]}, Fault::out_of_order},
                                     {{rules[0], rules[1], rules[1]}, Fault::duplicated},
                                     {{rules[0], rules[1], "-j DROP"}, Fault::altered},
                                     {{rules[0], "-j DROP"}, Fault::altered},
                                     {{rules[0], rules[0]}, Fault::altered}};
  for (const ChainCase& one : cases) {
    SavedTable table = healthy();
    table.chains["NODE-LOCAL-DNS"] = one.present;
    const RepairPlan plan = plan_repair(ipvs_set(), "nat", table);
    EXPECT_EQ(plan.input, "*nat\n:NODE-LOCAL-DNS - [0:0]\n-A NODE-LOCAL-DNS " + rules[0] +
                              "\n-A NODE-LOCAL-DNS " + rules[1] + "\nCOMMIT\n");
    ASSERT_EQ(plan.repairs.size(), 1U);
    EXPECT_EQ(plan.repairs[0].fault, one.fault) << one.present.size();
    EXPECT_EQ(plan.repairs[0].what, "nat NODE-LOCAL-DNS");
  }
}

TEST(Plan, AChainThatIsNotWantedAnyMore) {
  const RepairPlan plan = plan_repair({}, "nat", healthy());
  EXPECT_EQ(plan.input, std::string("*nat\n-D PREROUTING ") + kTcp + "\n-D PREROUTING " + kUdp +
                            "\n-F NODE-LOCAL-DNS\n-X NODE-LOCAL-DNS\nCOMMIT\n");
}

TEST(Plan, RulesAppliedBeforeGoWithoutBearingOurName) {
  SavedTable raw;
  raw.chains["OUTPUT"] = {"-s 169.254.20.10/32 -p udp -j NOTRACK", "-s 169.254.20.11/32 -p udp -j NOTRACK"};
  EXPECT_EQ(plan_repair({}, "raw", raw).input, "");
  EXPECT_EQ(plan_repair({}, "raw", raw, ipvs_set()).input,
            "*raw\n-D OUTPUT -s 169.254.20.10/32 -p udp -j NOTRACK\nCOMMIT\n");
}

TEST(Plan, SaysWhichChainOfKubeProxyIsAbsent) {
  RuleSet wanted = ipvs_set();
  wanted.chains.front().rules = {"-d 169.254.20.10/32 -j KUBE-MARK-MASQ",
                                 "-d 169.254.20.10/32 -p udp -j KUBE-SVC-TCOU7JCQXEZGVUNU"};
  SavedTable table = healthy();
  EXPECT_THAT(plan_repair(wanted, "nat", table).absent,
              ElementsAre("KUBE-MARK-MASQ", "KUBE-SVC-TCOU7JCQXEZGVUNU"));
  table.chains["KUBE-MARK-MASQ"];
  EXPECT_THAT(plan_repair(wanted, "nat", table).absent, ElementsAre("KUBE-SVC-TCOU7JCQXEZGVUNU"));
  table.chains["KUBE-SVC-TCOU7JCQXEZGVUNU"];
  EXPECT_THAT(plan_repair(wanted, "nat", table).absent, IsEmpty());
}

TEST(Removal, JumpsBeforeTheChain) {
  EXPECT_EQ(plan_removal(ipvs_set(), "nat", healthy()).input,
            std::string("*nat\n-D PREROUTING ") + kTcp + "\n-D PREROUTING " + kUdp +
                "\n-F NODE-LOCAL-DNS\n-X NODE-LOCAL-DNS\nCOMMIT\n");
  SavedTable others;
  others.chains["PREROUTING"] = {kForeign};
  EXPECT_EQ(plan_removal(ipvs_set(), "nat", others).input, "");
}

}  // namespace
}  // namespace nld::net
