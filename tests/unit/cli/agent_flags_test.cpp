// Flags to options: node-cache's forms, defaults, and what is refused with which words.
#include "cli/agent_flags.hpp"

#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>

#include "unit/cli/run_flags.hpp"

namespace nld::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class AgentFlagsTest : public testing::Test {
 protected:
  void SetUp() override { ::unsetenv("KUBE_DNS_SERVICE_HOST"); }

  agent::AgentOptions good(const std::vector<std::string>& words) {
    auto options = parse_run(words);
    EXPECT_TRUE(options) << options.error();
    return options.value_or(agent::AgentOptions{});
  }
  std::string refusal(const std::vector<std::string>& words) {
    const auto options = parse_run(words);
    return options ? "accepted" : options.error();
  }
};

TEST_F(AgentFlagsTest, TheManifestOfNodeCacheIsTakenAsItStands) {
  ::setenv("KUBE_DNS_UPSTREAM_SERVICE_HOST", "10.96.118.3", 1);
  const auto options =
      good({"-localip", "169.254.20.10,10.96.0.10", "-conf", "/etc/Corefile", "-upstreamsvc",
            "kube-dns-upstream", "-syncinterval=30s", "-setupiptables=true", "-reloadwithsignal",
            "-metrics-listen-address", "0.0.0.0:9353", "-health-port", "8081", "-quiet"});
  ::unsetenv("KUBE_DNS_UPSTREAM_SERVICE_HOST");
  ASSERT_EQ(options.rules.addresses.size(), 2U);
  EXPECT_EQ(options.rules.addresses[1].ip_text(), "10.96.0.10");
  ASSERT_EQ(options.rules.cluster_dns.size(), 1U);
  EXPECT_EQ(options.rules.cluster_dns[0].ip_text(), "10.96.118.3");
  EXPECT_EQ(options.sync_interval, seconds(30));
  EXPECT_EQ(options.rules.health_port, 8081);
  EXPECT_TRUE(options.own_server());
}

TEST_F(AgentFlagsTest, DefaultsAreNodeCaches) {
  const auto options = good({});
  ASSERT_EQ(options.rules.addresses.size(), 1U);
  EXPECT_EQ(options.rules.addresses[0].ip_text(), "169.254.20.10");
  EXPECT_EQ(options.interface, "nodelocaldns");
  EXPECT_EQ(options.sync_interval, seconds(60));
  ASSERT_TRUE(options.metrics_address);
  EXPECT_EQ(options.metrics_address->to_string(), "0.0.0.0:9353");
  EXPECT_EQ(options.rules.mode, net::Mode::fallback);
  EXPECT_FALSE(options.rules.method) << "auto";
  EXPECT_FALSE(options.rules.kube_proxy) << "auto";
  EXPECT_TRUE(options.rules.cluster_dns.empty());
  EXPECT_TRUE(options.setup_interface && options.setup_rules && !options.skip_teardown);
}

TEST_F(AgentFlagsTest, BooleansAsGoWritesThem) {
  const auto options = good({"-setupinterface=false", "-setupiptables=false", "-skipteardown=true"});
  EXPECT_FALSE(options.setup_interface);
  EXPECT_FALSE(options.setup_rules);
  EXPECT_TRUE(options.skip_teardown);
}

TEST_F(AgentFlagsTest, IntervalsInSecondsOrGoNotation) {
  EXPECT_EQ(good({"-syncinterval", "5"}).sync_interval, seconds(5));
  EXPECT_EQ(good({"-syncinterval", "1m30s"}).sync_interval, seconds(90));
  EXPECT_EQ(good({"--probe-interval", "100ms"}).probe_interval, milliseconds(100));
  EXPECT_EQ(refusal({"-syncinterval", "1ms"}), "--syncinterval 1ms: expected 10ms to 24h");
  EXPECT_NE(refusal({"-syncinterval", "soon"}).find("--syncinterval"), std::string::npos);
}

TEST_F(AgentFlagsTest, ChoicesAreSettledOrLeftOpen) {
  const auto options = good({"--mode", "transparent", "--fallback", "chain", "--kube-proxy-mode", "ipvs",
                             "--iptables-backend", "legacy"});
  EXPECT_EQ(options.rules.mode, net::Mode::transparent);
  EXPECT_EQ(options.rules.method, net::Method::chain);
  EXPECT_EQ(options.rules.kube_proxy, net::KubeProxyMode::ipvs);
  EXPECT_EQ(options.rules.backend, net::Backend::legacy);
  EXPECT_FALSE(good({"--mode", "none"}).setup_rules);
  EXPECT_THROW(parse_run({"--mode", "magic"}), CLI::ValidationError);
}

TEST_F(AgentFlagsTest, TheServiceBehindTheChains) {
  const auto custom = good({"--dns-service", "dns/coredns:udp-53,tcp-53"}).rules.service;
  EXPECT_EQ(custom, (net::DnsService{"dns", "coredns", "udp-53", "tcp-53"}));
  EXPECT_EQ(good({"--dns-service", "dns/coredns:dns"}).rules.service.tcp_port, "dns-tcp");
  const std::string wrong = "expected NAMESPACE/NAME:PORTNAME[,TCPPORTNAME]";
  for (const char* text : {"coredns:dns", "/coredns:dns", "dns/coredns", "dns/:dns"}) {
    EXPECT_EQ(refusal({"--dns-service", text}), "--dns-service " + std::string(text) + ": " + wrong);
  }
}

TEST_F(AgentFlagsTest, AFallbackToItselfIsRefused) {
  const std::string error = refusal({"-localip", "169.254.20.10,10.96.0.10", "--cluster-dns", "10.96.0.10"});
  EXPECT_NE(error.find("--upstreamsvc"), std::string::npos) << error;
  EXPECT_EQ(refusal({"--cluster-dns", "10.0.0.1,10.0.0.2"}),
            "--cluster-dns: expected one address of a family at most");
  EXPECT_EQ(good({"--cluster-dns", "10.0.0.1,fd00::a"}).rules.cluster_dns.size(), 2U);
}

TEST_F(AgentFlagsTest, BadAddressesAndNames) {
  EXPECT_EQ(refusal({"-localip", "169.254.20"}), "--localip 169.254.20: expected an IP address");
  EXPECT_EQ(refusal({"-localip", "0.0.0.0"}), "--localip 0.0.0.0: expected one address, not all");
  EXPECT_NE(refusal({"-interfacename", "a-name-that-is-too-long"}), "accepted");
  EXPECT_NE(refusal({"-interfacename", "a/b"}), "accepted");
  EXPECT_EQ(refusal({"-metrics-listen-address", "9353"}),
            "--metrics-listen-address 9353: expected IP:PORT, an IPv6 address in brackets, or :PORT for all");
}

TEST_F(AgentFlagsTest, AServerCommandIsSplitAsAShellWould) {
  const auto options = good({"--server-command", "coredns -conf '/etc/core dns/Corefile' -dns.port 53"});
  EXPECT_EQ(options.server_command,
            (std::vector<std::string>{"coredns", "-conf", "/etc/core dns/Corefile", "-dns.port", "53"}));
  EXPECT_FALSE(options.own_server());
}

TEST_F(AgentFlagsTest, TheServersOwnFlagsReachIt) {
  const auto options = good({"-conf", "/c", "--workers", "3", "--cache-memory", "32MiB", "-localip",
                             "10.0.0.1", "--cluster-dns", "10.0.0.2", "-dns.port", "5353"});
  const auto& words = options.serve_arguments;
  const auto has = [&](const std::vector<std::string>& part) {
    return std::ranges::search(words, part).begin() != words.end();
  };
  EXPECT_TRUE(has({"--conf", "/c"}));
  EXPECT_TRUE(has({"--workers", "3"}));
  EXPECT_TRUE(has({"--cache-memory", "33554432"}));
  EXPECT_TRUE(has({"--localip", "10.0.0.1"}));
  EXPECT_TRUE(has({"--cluster-dns", "10.0.0.2"}));
  EXPECT_TRUE(has({"--dns.port", "5353"}));
  EXPECT_EQ(options.rules.port, 5353);
}

}  // namespace
}  // namespace nld::cli
