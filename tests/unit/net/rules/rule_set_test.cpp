// Rule sets: the whole text for each mode, method, family and kube-proxy mode, and what is refused.
#include "net/rules/rule_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unit/net/rules/golden.hpp"

namespace nld::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kClusterDns4 = "10.96.0.10";
constexpr std::string_view kClusterDns6 = "fd00:96::a";

RuleRequest request(Family family, std::size_t addresses = 1) {
  const std::vector<std::string> all = family == Family::ipv4
                                           ? std::vector<std::string>{"169.254.20.10", "169.254.20.11"}
                                           : std::vector<std::string>{"fd00:20::10", "fd00:20::11"};
  RuleRequest made;
  made.family = family;
  made.addresses.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(addresses));
  made.cluster_dns = family == Family::ipv4 ? kClusterDns4 : kClusterDns6;
  return made;
}

RuleRequest chain_request(KubeProxyMode proxy, Family family = Family::ipv4, std::size_t addresses = 1) {
  RuleRequest made = request(family, addresses);
  made.method = Method::chain;
  made.kube_proxy = proxy;
  return made;
}

/// Listens on the Service's address too, as these two modes do.
RuleRequest own_address_request(Mode mode, KubeProxyMode proxy, Family family) {
  RuleRequest made = request(family);
  made.mode = mode;
  made.kube_proxy = proxy;
  made.addresses.push_back(*made.cluster_dns);
  return made;
}

struct Case {
  std::string name;
  RuleRequest request;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const std::string ending = "." + std::string(to_string(family));
    all.push_back({"fallback-steer" + ending, request(family)});
    all.push_back({"fallback-steer.two-addresses" + ending, request(family, 2)});
    for (const KubeProxyMode proxy : {KubeProxyMode::ipvs, KubeProxyMode::iptables}) {
      const std::string name = "fallback-chain-" + std::string(to_string(proxy));
      all.push_back({name + ending, chain_request(proxy, family)});
      all.push_back({name + ".two-addresses" + ending, chain_request(proxy, family, 2)});
      RuleRequest hung = chain_request(proxy, family);
      hung.set_aside = true;
      all.push_back({name + ".set-aside" + ending, hung});
    }
    for (const KubeProxyMode proxy : {KubeProxyMode::iptables, KubeProxyMode::nftables}) {
      all.push_back({"transparent-" + std::string(to_string(proxy)) + ending,
                     own_address_request(Mode::transparent, proxy, family)});
    }
    all.push_back({"notrack" + ending, own_address_request(Mode::notrack, KubeProxyMode::iptables, family)});
  }
  return all;
}

class GoldenRuleSet : public testing::TestWithParam<Case> {};

TEST_P(GoldenRuleSet, IsRenderedAsInItsFile) {
  const auto set = build_rule_set(GetParam().request);
  ASSERT_TRUE(set) << set.error();
  const std::string expected = golden(GetParam().name);
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(to_iptables_restore(*set) + to_nft(*set), expected);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenRuleSet, testing::ValuesIn(cases()), [](const auto& each) {
  std::string name = each.param.name;
  for (char& character : name) {
    if (character == '-' || character == '.') character = '_';
  }
  return name;
});

TEST(RuleSet, EveryGoldenFileIsCompared) {
  std::set<std::string> files;
  const auto folder = std::filesystem::path(NLD_SOURCE_DIR) / "tests/unit/net/rules/golden";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.insert(entry.path().stem().string());
  }
  std::set<std::string> compared;
  for (const Case& each : cases()) compared.insert(each.name);
  EXPECT_EQ(files, compared);
}

TEST(RuleSet, HoldsTheMissionsRulesInTheirOrder) {
  const auto set = build_rule_set(chain_request(KubeProxyMode::ipvs));
  ASSERT_TRUE(set);
  ASSERT_EQ(set->chains.size(), 1U);
  EXPECT_EQ(set->chains[0].table, "nat");
  EXPECT_EQ(set->chains[0].name, "NODE-LOCAL-DNS");
  EXPECT_THAT(
      set->chains[0].rules,
      ElementsAre("-m socket -j RETURN",
                  "-d 169.254.20.10/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination 10.96.0.10:53",
                  "-d 169.254.20.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination 10.96.0.10:53"));
  EXPECT_EQ(set->rules[0].spec, "-d 169.254.20.10/32 -p tcp -m tcp --dport 53 -j NODE-LOCAL-DNS");
  EXPECT_EQ(set->rules[1].spec, "-d 169.254.20.10/32 -p udp -m udp --dport 53 -j NODE-LOCAL-DNS");
}

TEST(RuleSet, JumpsToTheChainsOfKubeProxy) {
  const auto set = build_rule_set(chain_request(KubeProxyMode::iptables));
  ASSERT_TRUE(set);
  ASSERT_EQ(set->chains.size(), 1U);
  EXPECT_THAT(set->chains[0].rules,
              ElementsAre("-m socket -j RETURN", "-d 169.254.20.10/32 -j KUBE-MARK-MASQ",
                          "-d 169.254.20.10/32 -p tcp -j KUBE-SVC-ERIFXISQEP7F7OF4",
                          "-d 169.254.20.10/32 -p udp -j KUBE-SVC-TCOU7JCQXEZGVUNU"));
}

TEST(RuleSet, ChainNeedsNoClusterAddressWithKubeProxyInIptablesMode) {
  RuleRequest nameless = chain_request(KubeProxyMode::iptables);
  nameless.cluster_dns.reset();
  EXPECT_EQ(build_rule_set(nameless), build_rule_set(chain_request(KubeProxyMode::iptables)));
}

TEST(RuleSet, HasThePortThatWasAskedFor) {
  RuleRequest other = chain_request(KubeProxyMode::ipvs);
  other.port = 5353;
  const auto chain = build_rule_set(other);
  ASSERT_TRUE(chain);
  EXPECT_THAT(to_iptables_restore(*chain),
              HasSubstr("--dport 5353 -j DNAT --to-destination 10.96.0.10:5353"));
  EXPECT_THAT(to_iptables_restore(*chain), testing::Not(HasSubstr("port 53 ")));
  other.method = Method::steer;
  const auto steer = build_rule_set(other);
  ASSERT_TRUE(steer);
  EXPECT_THAT(steer->nft_table, HasSubstr("udp dport 5353 goto pods_udp"));
  EXPECT_THAT(steer->nft_table, testing::Not(HasSubstr("port 53 ")));
}

TEST(RuleSet, SaysWhatIsMissingOrCannotWork) {
  RuleRequest steer = request(Family::ipv4);
  steer.cluster_dns.reset();
  EXPECT_THAT(build_rule_set(steer).error(), HasSubstr("--cluster-dns"));

  RuleRequest ipvs = chain_request(KubeProxyMode::ipvs);
  ipvs.cluster_dns.reset();
  EXPECT_THAT(build_rule_set(ipvs).error(), HasSubstr("--cluster-dns"));

  for (const KubeProxyMode proxy : {KubeProxyMode::nftables, KubeProxyMode::none}) {
    EXPECT_THAT(build_rule_set(chain_request(proxy)).error(), HasSubstr("use --fallback steer"));
  }
  EXPECT_THAT(
      build_rule_set(own_address_request(Mode::fallback, KubeProxyMode::iptables, Family::ipv4)).error(),
      HasSubstr("use --mode transparent"));
  EXPECT_THAT(
      build_rule_set(own_address_request(Mode::transparent, KubeProxyMode::ipvs, Family::ipv4)).error(),
      HasSubstr("use --mode fallback"));
}

TEST(RuleSet, IsEmptyWithoutAddressesOrInModeNone) {
  for (const Mode mode : {Mode::fallback, Mode::transparent, Mode::notrack, Mode::none}) {
    RuleRequest nothing = request(Family::ipv6, 0);
    nothing.mode = mode;
    const auto set = build_rule_set(nothing);
    ASSERT_TRUE(set) << set.error();
    EXPECT_TRUE(set->empty());
    EXPECT_EQ(set->family, Family::ipv6);
    EXPECT_EQ(to_iptables_restore(*set) + to_nft(*set), "");
  }
  RuleRequest none = request(Family::ipv4);
  none.mode = Mode::none;
  EXPECT_TRUE(build_rule_set(none)->empty());
}

TEST(RuleSet, NatComesBeforeRaw) {
  EXPECT_THAT(tables_in_order(*build_rule_set(chain_request(KubeProxyMode::ipvs))),
              ElementsAre("nat", "raw"));
  const auto notrack =
      build_rule_set(own_address_request(Mode::notrack, KubeProxyMode::iptables, Family::ipv4));
  EXPECT_THAT(tables_in_order(*notrack), ElementsAre("raw", "filter"));
  EXPECT_THAT(tables_in_order(*build_rule_set(request(Family::ipv4))), IsEmpty());
}

TEST(CanonicalSpec, TakesTheNewerSpellingOfNotrackForTheOlder) {
  EXPECT_EQ(canonical_spec("-s 10.0.0.1/32 -p udp -m udp --sport 53 -j CT --notrack"),
            "-s 10.0.0.1/32 -p udp -m udp --sport 53 -j NOTRACK");
  EXPECT_EQ(canonical_spec("-j NOTRACK"), "-j NOTRACK");
  EXPECT_EQ(canonical_spec("-j CT --zone 1"), "-j CT --zone 1");
}

}  // namespace
}  // namespace nld::net
