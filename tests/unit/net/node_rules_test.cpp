// Steering in both families of the real kernel: what is run for it, and in which order it is done.
#include "net/node_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/net/iptables/namespace_fixture.hpp"
#include "unit/net/iptables/scripted_commands.hpp"

namespace nld::net {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Settle = NodeRules::Settle;

class BothFamilies : public NamespaceTest {
 protected:
  static RulesOptions options() {
    RulesOptions wanted{.kube_proxy = KubeProxyMode::none};
    for (const char* ip : {"169.254.20.10", "fd00:169:254:20::10"}) {
      wanted.addresses.push_back(*runtime::SocketAddress::from_ip(ip, 0));
    }
    for (const char* ip : {"10.96.0.10", "fd00:10:96::a"}) {
      wanted.cluster_dns.push_back(*runtime::SocketAddress::from_ip(ip, 0));
    }
    return wanted;
  }
  std::ptrdiff_t transactions() const { return std::ranges::count(recorded_.lines(), "nft -f -"); }
  bool aside(const std::string& family, const std::string& address) {
    return run({"nft", "list", "set", family, "node-local-dns", "aside"}).contains(address);
  }
  bool both_aside() { return aside("ip", "169.254.20.10") && aside("ip6", "fd00:169:254:20::10"); }

  ScriptedCommands recorded_{[this](const std::vector<std::string>& argv, std::string_view input) {
    return commands_.run(argv, input);
  }};
  NodeRules rules_{options(), recorded_};
};

TEST_F(BothFamilies, AreMadeInOneTransactionThatSettlesTheMethod) {
  EXPECT_EQ(rules_.decide(Settle::for_good).method, Method::steer);
  const RulesOutcome outcome = rules_.ensure();
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(outcome.repairs.size(), 2U);
  EXPECT_EQ(transactions(), 1);
  EXPECT_THAT(recorded_.lines(), Not(Contains(StartsWith("iptables")))) << "steering needs none of it yet";
  EXPECT_THAT(rules_.ensure().repairs, IsEmpty());
  EXPECT_THAT(rules_.check().repairs, IsEmpty());
  EXPECT_EQ(transactions(), 1);
}

TEST_F(BothFamilies, ATrialLeavesNoTrace) {
  EXPECT_EQ(rules_.decide().method, Method::steer);
  EXPECT_EQ(run({"nft", "list", "tables"}), "");
  EXPECT_TRUE(rules_.decision().backend);
}

TEST_F(BothFamilies, AreBornAsideWhenNoServerIsThere) {
  rules_.expect_no_server();
  rules_.decide(Settle::for_good);
  rules_.ensure();
  EXPECT_TRUE(both_aside());
  ASSERT_TRUE(rules_.server_lost(NodeRules::Loss::died));
  EXPECT_EQ(transactions(), 1) << "it is so already";
  ASSERT_TRUE(rules_.server_answers());
  EXPECT_FALSE(aside("ip", "169.254.20.10"));
  EXPECT_FALSE(aside("ip6", "fd00:169:254:20::10"));
  EXPECT_EQ(transactions(), 2);
  ASSERT_TRUE(rules_.server_lost(NodeRules::Loss::died));
  EXPECT_TRUE(both_aside());
}

// The server of a former agent may answer by them.
TEST_F(BothFamilies, TablesThatAreThereKeepTheirSwitch) {
  NodeRules former(options(), commands_);
  former.ensure();
  rules_.expect_no_server();
  rules_.decide(Settle::for_good);
  EXPECT_THAT(rules_.ensure().repairs, IsEmpty());
  EXPECT_FALSE(aside("ip", "169.254.20.10"));
  ASSERT_TRUE(rules_.server_lost(NodeRules::Loss::died));
  EXPECT_TRUE(both_aside());
}

TEST_F(BothFamilies, AFamilyThatIsRefusedDoesNotHinderTheOther) {
  ScriptedCommands no_ipv6([this](const std::vector<std::string>& argv, std::string_view input) {
    if (input.contains(" ip6 ")) {
      return std::expected<CommandResult, std::string>(
          CommandResult{.status = 1, .out = {}, .error = "Error: Operation not supported"});
    }
    return commands_.run(argv, input);
  });
  RulesOptions steer = options();
  steer.method = Method::steer;
  NodeRules rules(steer, no_ipv6);
  const RulesOutcome outcome = rules.ensure();
  ASSERT_TRUE(outcome.failure);
  EXPECT_THAT(outcome.failure->what, HasSubstr("Operation not supported"));
  EXPECT_EQ(outcome.repairs.size(), 1U);
  EXPECT_FALSE(rules.server_lost(NodeRules::Loss::died));
  EXPECT_TRUE(aside("ip", "169.254.20.10"));

  NodeRules open(options(), no_ipv6);
  EXPECT_EQ(open.decide(Settle::for_good).method, Method::chain);
  EXPECT_THAT(open.decision().method_reason, HasSubstr("Operation not supported"));
}

TEST_F(BothFamilies, LeftoversGoAfterTheNewRulesAreThere) {
  run({"iptables-nft-restore", "--noflush"},
      "*nat\n:NODE-LOCAL-DNS - [0:0]\n-A PREROUTING -d 169.254.20.10/32 -j NODE-LOCAL-DNS\nCOMMIT\n");
  rules_.decide(Settle::for_good);
  rules_.ensure();
  EXPECT_FALSE(rules_.cleared());
  EXPECT_THAT(run({"iptables-nft-save", "-t", "nat"}), HasSubstr("NODE-LOCAL-DNS"));
  EXPECT_FALSE(rules_.clear_leftovers().failure);
  EXPECT_TRUE(rules_.cleared());
  EXPECT_EQ(rules_.decision().backend, Backend::nft);
  EXPECT_THAT(run({"iptables-nft-save", "-t", "nat"}), Not(HasSubstr("NODE-LOCAL-DNS")));
  EXPECT_THAT(rules_.clear_leftovers().repairs, IsEmpty());
}

}  // namespace
}  // namespace nld::net
