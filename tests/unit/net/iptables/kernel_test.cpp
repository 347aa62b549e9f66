// Both backends and both families in the real kernel: repairs, foreign rules, leftovers, the lock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <tuple>

#include "net/iptables/legacy_tables.hpp"
#include "unit/net/iptables/namespace_fixture.hpp"
#include "unit/net/iptables/random_table.hpp"

namespace nld::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Kernel : public NamespaceTest, public testing::WithParamInterface<std::tuple<Backend, Family>> {
 protected:
  Backend backend() const { return std::get<0>(GetParam()); }
  Family family() const { return std::get<1>(GetParam()); }
  bool v4() const { return family() == Family::ipv4; }

  std::string prefix() const {
    return std::string(v4() ? "iptables-" : "ip6tables-") + std::string(to_string(backend()));
  }
  std::string address() const { return v4() ? "169.254.20.10/32" : "fd00::10/128"; }
  std::string foreign() const {
    return "-d " + address() + " -p tcp -m tcp --dport 53 -m comment --comment \"somebody else\" -j RETURN";
  }
  BuiltinRule jump(const char* protocol) const {
    return {
        .table = "nat",
        .chain = "PREROUTING",
        .spec = "-d " + address() + " -p " + protocol + " -m " + protocol + " --dport 53 -j NODE-LOCAL-DNS"};
  }

  /// Every kind of rule that the agent has.
  RuleSet wanted() const {
    const std::string cluster = v4() ? "10.96.0.10:53" : "[fd00::53]:53";
    const std::string local = "-d " + address();
    return {
        .family = family(),
        .chains = {{.table = "nat",
                    .name = "NODE-LOCAL-DNS",
                    .rules = {"-m socket -j RETURN", "-m socket --nowildcard -j RETURN",
                              local + " -j KUBE-MARK-MASQ", local + " -p udp -j KUBE-SVC-TCOU7JCQXEZGVUNU",
                              local + " -p tcp -m tcp --dport 53 -j DNAT --to-destination " + cluster,
                              local + " -p udp -m udp --dport 53 -j DNAT --to-destination " + cluster}}},
        .rules = {jump("tcp"),
                  jump("udp"),
                  {.table = "raw",
                   .chain = "PREROUTING",
                   .spec = local + " -p udp -m udp --dport 53 -m socket --nowildcard -j NOTRACK"},
                  {.table = "raw",
                   .chain = "OUTPUT",
                   .spec = "-s " + address() +
                           " -p udp -m udp --sport 53 -m comment --comment \"NodeLocal DNS Cache: skip "
                           "conntrack\" -j NOTRACK"},
                  {.table = "filter",
                   .chain = "INPUT",
                   .spec = local + " -p udp -m udp --dport 53 -j ACCEPT"}},
        .nft_table = {}};
  }

  void restore(const std::string& input) { run({prefix() + "-restore", "--noflush", "-w", "2"}, input); }
  std::string saved(const char* table) { return run({prefix() + "-save", "-t", table}); }
  /// kube-proxy's chains, and a rule of somebody else at both ends of a chain.
  void make_neighbours() {
    restore("*nat\n:KUBE-MARK-MASQ - [0:0]\n:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]\n-A PREROUTING " + foreign() +
            "\nCOMMIT\n");
  }
  std::vector<std::string> nat_prerouting() { return parse_saved_table(saved("nat")).chains["PREROUTING"]; }
  static std::vector<std::string> faults(const std::vector<Repair>& repairs) {
    std::vector<std::string> list;
    for (const Repair& repair : repairs) {
      list.push_back(std::string(to_string(repair.fault)) + ": " + repair.what);
    }
    return list;
  }
  std::vector<std::string> ensured() {
    auto repairs = iptables_.ensure(wanted());
    if (!repairs) throw std::runtime_error(repairs.error().what);
    return faults(*repairs);
  }

  Iptables iptables_{commands_, backend(), family()};
};

TEST_P(Kernel, OnceIsEnough) {
  make_neighbours();
  const auto before = iptables_.check(wanted());
  ASSERT_TRUE(before) << before.error().what;
  EXPECT_EQ(before->size(), 6U);
  EXPECT_THAT(saved("nat"), Not(HasSubstr("NODE-LOCAL-DNS")));
  EXPECT_EQ(ensured().size(), 6U);
  EXPECT_THAT(ensured(), IsEmpty());
  EXPECT_THAT(nat_prerouting(), ElementsAre(jump("tcp").spec, jump("udp").spec, foreign()));
  EXPECT_EQ(parse_saved_table(saved("nat")).chains["NODE-LOCAL-DNS"], wanted().chains[0].rules);
}

// An agent that starts finds the work of the one before.
TEST_P(Kernel, AnotherAgentAdopts) {
  make_neighbours();
  ensured();
  const auto found = Iptables(commands_, backend(), family()).ensure(wanted());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_THAT(*found, IsEmpty());
}

TEST_P(Kernel, OneRuleDeleted) {
  make_neighbours();
  ensured();
  restore("*nat\n-D PREROUTING " + jump("tcp").spec + "\n-D NODE-LOCAL-DNS -m socket -j RETURN\nCOMMIT\n");
  EXPECT_THAT(ensured(),
              ElementsAre("missing: nat NODE-LOCAL-DNS", "missing: nat PREROUTING: " + jump("tcp").spec));
  EXPECT_THAT(ensured(), IsEmpty());
  EXPECT_THAT(nat_prerouting(), ElementsAre(jump("tcp").spec, jump("udp").spec, foreign()));
}

TEST_P(Kernel, Duplicates) {
  make_neighbours();
  ensured();
  restore("*nat\n-I PREROUTING 1 " + jump("tcp").spec + "\n-I PREROUTING 3 " + jump("udp").spec +
          "\nCOMMIT\n");
  restore("*raw\n-A OUTPUT " + wanted().rules[3].spec + "\nCOMMIT\n");
  EXPECT_EQ(ensured().size(), 3U);
  EXPECT_THAT(ensured(), IsEmpty());
  EXPECT_EQ(nat_prerouting().size(), 3U);
}

TEST_P(Kernel, SwappedAndFlushed) {
  make_neighbours();
  ensured();
  restore("*nat\n-D PREROUTING " + jump("tcp").spec + "\n-A PREROUTING " + jump("tcp").spec + "\nCOMMIT\n");
  EXPECT_EQ(ensured().size(), 1U);
  EXPECT_THAT(ensured(), IsEmpty());
  EXPECT_THAT(nat_prerouting(), ElementsAre(jump("tcp").spec, jump("udp").spec, foreign()));

  for (const char* table : {"nat", "raw"}) run({prefix(), "-w", "2", "-t", table, "-F"});
  EXPECT_EQ(ensured().size(), 5U);
  EXPECT_THAT(ensured(), IsEmpty());
}

TEST_P(Kernel, AStrangeRuleInOurChainAndAnOldAddress) {
  make_neighbours();
  ensured();
  const std::string old =
      std::string("-d ") + (v4() ? "169.254.20.9/32" : "fd00::9/128") + " -j NODE-LOCAL-DNS";
  restore("*nat\n-A NODE-LOCAL-DNS -j ACCEPT\n-A PREROUTING " + old + "\nCOMMIT\n");
  EXPECT_THAT(ensured(), ElementsAre("altered: nat NODE-LOCAL-DNS", "stale: nat PREROUTING: " + old));
  EXPECT_THAT(ensured(), IsEmpty());
}

TEST_P(Kernel, ASpellingOfItsOwnIsLeftAlone) {
  make_neighbours();
  restore("*raw\n-A OUTPUT -s " + address() +
          " -p udp -m udp --sport 53 -m comment --comment \"NodeLocal DNS Cache: skip conntrack\" -j CT "
          "--notrack\nCOMMIT\n");
  EXPECT_EQ(ensured().size(), 5U);
  EXPECT_EQ(parse_saved_table(saved("raw")).chains["OUTPUT"].size(), 1U);
  const auto removed = iptables_.remove(wanted());
  ASSERT_TRUE(removed) << removed.error().what;
  EXPECT_THAT(parse_saved_table(saved("raw")).chains["OUTPUT"], IsEmpty());
}

TEST_P(Kernel, WhatIsNoMoreWantedGoes) {
  make_neighbours();
  ensured();
  RuleSet aside = wanted();
  aside.rules.erase(aside.rules.begin() + 2);
  const auto changed = iptables_.ensure(aside);
  ASSERT_TRUE(changed) << changed.error().what;
  EXPECT_THAT(faults(*changed), ElementsAre("stale: raw PREROUTING: " + wanted().rules[2].spec));
  EXPECT_THAT(parse_saved_table(saved("raw")).chains["PREROUTING"], IsEmpty());
}

TEST_P(Kernel, RemovalLeavesNothingOfOurs) {
  make_neighbours();
  const std::string before = parse_saved_table(saved("nat")).chains["PREROUTING"].front();
  ensured();
  // By another process, which knows only what it is told.
  Iptables cleanup(commands_, backend(), family());
  const auto removed = cleanup.remove(wanted());
  ASSERT_TRUE(removed) << removed.error().what;
  EXPECT_EQ(removed->size(), 6U);
  for (const char* table : {"nat", "raw", "filter"}) {
    EXPECT_THAT(saved(table), Not(HasSubstr("NODE-LOCAL-DNS")));
    EXPECT_THAT(saved(table), Not(HasSubstr("NOTRACK")));
    EXPECT_THAT(saved(table), Not(HasSubstr("-j ACCEPT")));
  }
  EXPECT_THAT(nat_prerouting(), ElementsAre(before));
  const auto again = cleanup.remove(wanted());
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_THAT(*again, IsEmpty());
}

TEST_P(Kernel, WithoutKubeProxysChainsThatTableWaits) {
  const auto repairs = iptables_.ensure(wanted());
  ASSERT_FALSE(repairs);
  EXPECT_THAT(repairs.error().what, HasSubstr("KUBE-MARK-MASQ, KUBE-SVC-TCOU7JCQXEZGVUNU"));
  EXPECT_FALSE(repairs.error().locked);
  EXPECT_EQ(repairs.error().mended.size(), 3U);
  EXPECT_THAT(saved("nat"), Not(HasSubstr("NODE-LOCAL-DNS")));
  make_neighbours();
  EXPECT_EQ(ensured().size(), 3U);
}

TEST_P(Kernel, LookingMakesNoTable) {
  const auto nothing = iptables_.ensure({});
  ASSERT_TRUE(nothing) << nothing.error().what;
  EXPECT_THAT(*nothing, IsEmpty());
  EXPECT_THAT(legacy_tables(family()), IsEmpty());
  EXPECT_EQ(run({"nft", "list", "tables"}), "");
}

TEST_P(Kernel, RefusesAsAWhole) {
  const auto done =
      iptables_.restore("*nat\n-A PREROUTING -j RETURN\n-A PREROUTING -j NO-SUCH-CHAIN\nCOMMIT\n");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().what, HasSubstr("NO-SUCH-CHAIN"));
  EXPECT_THAT(done.error().what, Not(HasSubstr("\n")));
  EXPECT_THAT(nat_prerouting(), IsEmpty());
}

/// The generator's rules are IPv4.
class KernelV4 : public Kernel {};

class KernelNft : public Kernel {};

// What somebody made with nft there hides all the rules from iptables-save.
TEST_P(KernelNft, ATableThatCannotBeRead) {
  make_neighbours();
  ensured();
  const std::string family = v4() ? "ip" : "ip6";
  run({"nft", "add", "rule", family, "nat", "PREROUTING", "socket", "wildcard", "0", "accept"});
  const std::string before = run({"nft", "list", "table", family, "nat"});
  for (int round = 0; round < 2; ++round) {
    const auto repairs = iptables_.ensure(wanted());
    ASSERT_FALSE(repairs);
    EXPECT_THAT(repairs.error().what, HasSubstr("cannot be checked"));
  }
  EXPECT_EQ(run({"nft", "list", "table", family, "nat"}), before);
}

// The model of the pure tests against the kernel itself.
TEST_P(KernelV4, RandomDisorder) {
  constexpr std::uint32_t kTables = 25;
  for (std::uint32_t seed = 0; seed < kTables; ++seed) {
    const auto [wanted, table] = TableMaker(seed).make();
    run({prefix(), "-w", "2", "-t", "nat", "-F"});
    std::string input = "*nat\n";
    for (const auto& [name, rules] : table.chains) {
      if (name.find('-') != std::string::npos) input += ":" + name + " - [0:0]\n";
    }
    for (const auto& [name, rules] : table.chains) {
      for (const std::string& rule : rules) {
        input.append("-A ").append(name).append(" ").append(rule).append("\n");
      }
    }
    restore(input + "COMMIT\n");
    ASSERT_EQ(parse_saved_table(saved("nat")), table) << "seed " << seed;
    Iptables fresh(commands_, backend(), family());
    const auto repairs = fresh.ensure(wanted);
    ASSERT_TRUE(repairs) << "seed " << seed << ": " << repairs.error().what;
    const SavedTable after = parse_saved_table(saved("nat"));
    ASSERT_EQ(after.chains.at("NODE-LOCAL-DNS"), wanted.chains.front().rules) << "seed " << seed;
    for (const auto& [name, rules] : table.chains) {
      if (name == kChainName) continue;
      const auto ours = wanted_in(wanted, name);
      ASSERT_EQ(kept(after.chains.at(name), ours, true), ours) << "seed " << seed << ", chain " << name;
      ASSERT_EQ(kept(after.chains.at(name), ours, false), kept(rules, ours, false))
          << "seed " << seed << ", chain " << name;
    }
  }
}

std::string case_name(const testing::TestParamInfo<std::tuple<Backend, Family>>& info) {
  return std::string(to_string(std::get<0>(info.param))) +
         (std::get<1>(info.param) == Family::ipv4 ? "_ipv4" : "_ipv6");
}

INSTANTIATE_TEST_SUITE_P(Iptables, Kernel,
                         testing::Combine(testing::Values(Backend::nft, Backend::legacy),
                                          testing::Values(Family::ipv4, Family::ipv6)),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Iptables, KernelNft,
                         testing::Combine(testing::Values(Backend::nft),
                                          testing::Values(Family::ipv4, Family::ipv6)),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Iptables, KernelV4,
                         testing::Combine(testing::Values(Backend::nft, Backend::legacy),
                                          testing::Values(Family::ipv4)),
                         case_name);

/// A lock of the test's own, so that nobody else on the machine waits for it.
class XtablesLock : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    ::setenv("XTABLES_LOCKFILE", path_.c_str(), 1);
    lock_ = runtime::Descriptor(::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  }
  void TearDown() override {
    ::unsetenv("XTABLES_LOCKFILE");
    std::filesystem::remove(path_);
    NamespaceTest::TearDown();
  }

  std::string path_ = testing::TempDir() + "nld-xtables-lock-" + std::to_string(::getpid());
  runtime::Descriptor lock_;
};

TEST_F(XtablesLock, HeldByAnotherIsAFailureOfItsOwnKind) {
  ASSERT_EQ(::flock(lock_.get(), LOCK_EX | LOCK_NB), 0);
  Iptables legacy(commands_, Backend::legacy, Family::ipv4);
  const RuleSet wanted{.family = Family::ipv4,
                       .chains = {{.table = "nat", .name = "NODE-LOCAL-DNS", .rules = {"-j RETURN"}}},
                       .rules = {},
                       .nft_table = {}};
  const auto held = legacy.ensure(wanted);
  ASSERT_FALSE(held);
  EXPECT_TRUE(held.error().locked) << held.error().what;
  // The other backend has no lock to wait for.
  EXPECT_TRUE(Iptables(commands_, Backend::nft, Family::ipv4).restore("*nat\nCOMMIT\n"));

  ASSERT_EQ(::flock(lock_.get(), LOCK_UN), 0);
  const auto free = legacy.ensure(wanted);
  ASSERT_TRUE(free) << free.error().what;
  EXPECT_EQ(free->size(), 1U);
}

}  // namespace
}  // namespace nld::net
