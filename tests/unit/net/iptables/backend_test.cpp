// Which backend a host uses, by what is in its kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/iptables/iptables.hpp"
#include "net/iptables/legacy_tables.hpp"
#include "net/iptables/programs.hpp"
#include "net/node_rules.hpp"
#include "unit/net/iptables/namespace_fixture.hpp"
#include "unit/net/iptables/scripted_commands.hpp"

namespace nld::net {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

class HostBackend : public NamespaceTest {
 protected:
  void restore(const std::string& programs, const std::string& input) {
    run({programs + "-restore", "--noflush", "-w", "2"}, input);
  }
};

TEST_F(HostBackend, TheKubeletsHint) {
  restore("iptables-nft", "*filter\n-A INPUT -j ACCEPT\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n");
  restore("ip6tables-legacy", "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_).backend, Backend::legacy);
}

TEST_F(HostBackend, TheKubeletsCanary) {
  restore("iptables-legacy", "*filter\n-A INPUT -j ACCEPT\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n");
  restore("iptables-nft", "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_).backend, Backend::nft);
}

TEST_F(HostBackend, MoreRules) {
  restore("iptables-nft", "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
  restore("iptables-legacy", "*nat\n-A PREROUTING -j ACCEPT\n-A OUTPUT -j ACCEPT\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_).backend, Backend::legacy);
  restore("ip6tables-nft", "*nat\n-A PREROUTING -j ACCEPT\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_).backend, Backend::nft) << "nft wins ties";
}

TEST_F(HostBackend, KubeProxysChainComesAfterTheHintAndBeforeTheCount) {
  restore("iptables-nft", "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_, Backend::legacy).backend, Backend::legacy);
  restore("iptables-nft", "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_, Backend::legacy).backend, Backend::nft);
}

TEST_F(HostBackend, NothingThereLeavesNothingBehind) {
  const Backend plain = backend_of_version(run({"iptables", "--version"}));
  EXPECT_EQ(detect_backend(commands_).backend, plain);
  EXPECT_TRUE(legacy_tables(Family::ipv4).empty());
  EXPECT_TRUE(legacy_tables(Family::ipv6).empty());
  EXPECT_EQ(run({"nft", "list", "tables"}), "");
}

/// The real programs, but for reading legacy tables: as without the capability NET_RAW.
ScriptedCommands without_net_raw(CommandRunner& real) {
  return ScriptedCommands([&real](const std::vector<std::string>& argv, std::string_view input) {
    if (argv.front().ends_with("tables-legacy-save")) {
      return std::expected<CommandResult, std::string>(CommandResult{
          .status = 1, .out = {}, .error = "can't initialize iptables table `nat': Permission denied"});
    }
    return real.run(argv, input);
  });
}

TEST_F(HostBackend, TablesThatCannotBeReadMakeItAGuess) {
  restore("iptables-legacy", "*nat\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\nCOMMIT\n");
  ScriptedCommands commands = without_net_raw(commands_);
  const BackendFinding guess = detect_backend(commands);
  EXPECT_THAT(guess.unread, Optional(HasSubstr("iptables-legacy-save -t nat (status 1): can't initialize")));
  EXPECT_EQ(detect_backend(commands_).unread, std::nullopt);
  restore("iptables-nft", "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands).unread, std::nullopt) << "the kubelet's hint needs no guess";
}

TEST_F(HostBackend, TablesThatCannotBeReadAreWarnedOf) {
  restore("iptables-legacy", "*nat\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\nCOMMIT\n");
  ScriptedCommands commands = without_net_raw(commands_);
  const auto warnings = [](RulesOptions options, CommandRunner& of) {
    options.addresses = {*runtime::SocketAddress::from_ip("169.254.20.10", 0)};
    options.cluster_dns = {*runtime::SocketAddress::from_ip("10.96.0.10", 53)};
    return NodeRules(options, of).decide().warnings;
  };
  EXPECT_THAT(
      warnings({}, commands),
      ElementsAre(AllOf(HasSubstr("kube-proxy may be in mode iptables all the same"), HasSubstr("NET_RAW"),
                        HasSubstr("--kube-proxy-mode")),
                  AllOf(HasSubstr("is a guess"), HasSubstr("NET_RAW"), HasSubstr("--iptables-backend"))));
  EXPECT_THAT(warnings({.kube_proxy = KubeProxyMode::iptables, .backend = Backend::legacy}, commands),
              IsEmpty());
  EXPECT_THAT(warnings({}, commands_), IsEmpty());
}

TEST(Backends, NoProgramsNoBackend) {
  ScriptedCommands commands([](const std::vector<std::string>& argv, std::string_view) {
    return std::expected<CommandResult, std::string>(not_installed(argv.front()));
  });
  EXPECT_EQ(detect_backend(commands).backend, std::nullopt);
}

TEST(Backends, OnlyOneInstalled) {
  ScriptedCommands commands([](const std::vector<std::string>& argv,
                               std::string_view /*input*/) -> std::expected<CommandResult, std::string> {
    if (argv.front().find("legacy") == std::string::npos) return not_installed(argv.front());
    return CommandResult{};
  });
  EXPECT_EQ(detect_backend(commands).backend, Backend::legacy);
}

TEST(Backends, Names) {
  EXPECT_EQ(to_string(Backend::nft), "nft");
  EXPECT_EQ(to_string(Backend::legacy), "legacy");
}

}  // namespace
}  // namespace nld::net
