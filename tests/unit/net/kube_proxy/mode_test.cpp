// kube-proxy's mode: its own word, then each trace in the kernel.
#include "net/kube_proxy/mode.hpp"

#include <gtest/gtest.h>

#include "unit/net/iptables/namespace_fixture.hpp"
#include "unit/net/iptables/scripted_commands.hpp"
#include "unit/net/kube_proxy/http_stub.hpp"

namespace nld::net {
namespace {

TEST(ProxyMode, Words) {
  EXPECT_EQ(parse_proxy_mode("iptables"), KubeProxyMode::iptables);
  EXPECT_EQ(parse_proxy_mode(" ipvs\r\n"), KubeProxyMode::ipvs);
  EXPECT_EQ(parse_proxy_mode("nftables\n"), KubeProxyMode::nftables);
  for (const char* other : {"", "  ", "userspace", "kernelspace", "ipvs ipvs", "IPVS"}) {
    EXPECT_EQ(parse_proxy_mode(other), std::nullopt) << other;
  }
}

TEST(ProxyMode, KubeProxysWordComesFirst) {
  ScriptedCommands commands([](const std::vector<std::string>& argv, std::string_view) {
    return std::expected<CommandResult, std::string>(not_installed(argv.front()));
  });
  HttpStub stub(HttpStub::ok("ipvs"));
  const auto found = detect_kube_proxy(commands, stub.port(), std::chrono::seconds(10));
  EXPECT_EQ(found.mode, KubeProxyMode::ipvs);
  EXPECT_EQ(found.source, "kube-proxy's /proxyMode");
  EXPECT_EQ(stub.request(), "GET /proxyMode HTTP/1.0");
  EXPECT_TRUE(commands.lines().empty());
}

/// kube-proxy's port is closed in a fresh namespace.
class ProxyTraces : public NamespaceTest {
 protected:
  void expect(KubeProxyMode mode, const std::string& source) {
    const auto found = detect_kube_proxy(commands_);
    EXPECT_EQ(found.mode, mode) << found.source;
    EXPECT_EQ(found.source, source);
  }
};

TEST_F(ProxyTraces, EachOutranksTheNext) {
  expect(KubeProxyMode::none, "no trace of kube-proxy");
  run({"ip6tables-legacy-restore", "--noflush", "-w", "2"}, "*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n");
  expect(KubeProxyMode::iptables, "chain KUBE-SERVICES (iptables-legacy)");
  run({"iptables-nft-restore", "--noflush", "-w", "2"}, "*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n");
  expect(KubeProxyMode::iptables, "chain KUBE-SERVICES (iptables-nft)");
  run({"ip", "link", "add", "kube-ipvs0", "type", "ifb"});
  expect(KubeProxyMode::ipvs, "interface kube-ipvs0");
  run({"nft", "-f", "-"}, "table ip6 kube-proxy {}\n");
  expect(KubeProxyMode::nftables, "nftables table kube-proxy");
}

TEST_F(ProxyTraces, OthersTablesAreNone) {
  run({"nft", "-f", "-"}, "table inet kube-proxy {}\ntable ip kube-proxy-2 {}\n");
  run({"iptables-nft-restore", "--noflush", "-w", "2"}, "*nat\n:KUBE-SERVICES-X - [0:0]\nCOMMIT\n");
  expect(KubeProxyMode::none, "no trace of kube-proxy");
}

TEST_F(ProxyTraces, AChainThatCannotBeReadIsNotTakenForNone) {
  run({"iptables-legacy-restore", "--noflush", "-w", "2"}, "*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n");
  ScriptedCommands without_net_raw([this](const std::vector<std::string>& argv, std::string_view input) {
    if (argv.front().ends_with("tables-legacy-save")) {
      return std::expected<CommandResult, std::string>(
          CommandResult{.status = 1, .out = {}, .error = "Permission denied"});
    }
    return commands_.run(argv, input);
  });
  const auto found = detect_kube_proxy(without_net_raw);
  EXPECT_EQ(found.mode, KubeProxyMode::none);
  EXPECT_EQ(found.source, "no trace of kube-proxy that could be read");
  ASSERT_TRUE(found.unread);
  EXPECT_NE(found.unread->find("iptables-legacy-save -t nat (status 1): Permission denied"),
            std::string::npos);
}

// The programs may be missing altogether.
TEST_F(ProxyTraces, WithoutPrograms) {
  ScriptedCommands none([](const std::vector<std::string>& argv, std::string_view) {
    return std::expected<CommandResult, std::string>(not_installed(argv.front()));
  });
  EXPECT_EQ(detect_kube_proxy(none).mode, KubeProxyMode::none);
}

}  // namespace
}  // namespace nld::net
