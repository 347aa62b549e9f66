// Which backend a host uses, by what is in its kernel.
#include <gtest/gtest.h>

#include "net/iptables/iptables.hpp"
#include "net/iptables/legacy_tables.hpp"
#include "net/iptables/programs.hpp"
#include "unit/net/iptables/namespace_fixture.hpp"
#include "unit/net/iptables/scripted_commands.hpp"

namespace nld::net {
namespace {

class HostBackend : public NamespaceTest {
 protected:
  void restore(const std::string& programs, const std::string& input) {
    run({programs + "-restore", "--noflush", "-w", "2"}, input);
  }
};

TEST_F(HostBackend, TheKubeletsHint) {
  restore("iptables-nft", "*filter\n-A INPUT -j ACCEPT\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n");
  restore("ip6tables-legacy", "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_), Backend::legacy);
}

TEST_F(HostBackend, TheKubeletsCanary) {
  restore("iptables-legacy", "*filter\n-A INPUT -j ACCEPT\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n");
  restore("iptables-nft", "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_), Backend::nft);
}

TEST_F(HostBackend, MoreRules) {
  restore("iptables-nft", "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
  restore("iptables-legacy", "*nat\n-A PREROUTING -j ACCEPT\n-A OUTPUT -j ACCEPT\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_), Backend::legacy);
  restore("ip6tables-nft", "*nat\n-A PREROUTING -j ACCEPT\nCOMMIT\n");
  EXPECT_EQ(detect_backend(commands_), Backend::nft) << "nft wins ties";
}

TEST_F(HostBackend, NothingThereLeavesNothingBehind) {
  const Backend plain = backend_of_version(run({"iptables", "--version"}));
  EXPECT_EQ(detect_backend(commands_), plain);
  EXPECT_TRUE(legacy_tables(Family::ipv4).empty());
  EXPECT_TRUE(legacy_tables(Family::ipv6).empty());
  EXPECT_EQ(run({"nft", "list", "tables"}), "");
}

TEST(Backends, NoProgramsNoBackend) {
  ScriptedCommands commands([](const std::vector<std::string>& argv, std::string_view) {
    return std::expected<CommandResult, std::string>(not_installed(argv.front()));
  });
  EXPECT_EQ(detect_backend(commands), std::nullopt);
}

TEST(Backends, OnlyOneInstalled) {
  ScriptedCommands commands([](const std::vector<std::string>& argv,
                               std::string_view /*input*/) -> std::expected<CommandResult, std::string> {
    if (argv.front().find("legacy") == std::string::npos) return not_installed(argv.front());
    return CommandResult{};
  });
  EXPECT_EQ(detect_backend(commands), Backend::legacy);
}

TEST(Backends, Names) {
  EXPECT_EQ(to_string(Backend::nft), "nft");
  EXPECT_EQ(to_string(Backend::legacy), "legacy");
}

}  // namespace
}  // namespace nld::net
