// Which zones stand on which address, and the servers' names.
#include "server/listen_plan.hpp"

#include <gtest/gtest.h>

#include "unit/tls/certificates.hpp"

namespace nld::server {
namespace {

plugins::BlockConfig block(std::vector<std::pair<std::string, std::uint16_t>> zones,
                           std::vector<std::string> bind = {}) {
  plugins::BlockConfig made;
  for (const auto& [zone, port] : zones) made.zones.push_back({*dns::Name::from_text(zone), zone, port});
  for (const std::string& ip : bind) made.bind.push_back(*runtime::SocketAddress::from_ip(ip, 0));
  return made;
}

TEST(ListenPlan, PortsComeFromTheZonesAddressesFromBind) {
  plugins::ServerConfig config;
  config.blocks.push_back(block({{"a.test.", 53}, {"b.test.", 1053}}, {"10.0.0.1", "fd00::1"}));
  config.blocks.push_back(block({{".", 53}}, {"10.0.0.1"}));
  const ListenPlan plan = listen_plan(config, true);
  ASSERT_EQ(plan.size(), 4U);
  const Listen& shared = plan.at({*runtime::SocketAddress::from_ip("10.0.0.1", 53)});
  EXPECT_EQ(shared.label, "dns://10.0.0.1:53");
  ASSERT_EQ(shared.zones.size(), 2U);
  EXPECT_EQ(shared.zones[1].block, 1U);
  EXPECT_EQ(plan.at({*runtime::SocketAddress::from_ip("fd00::1", 1053)}).label, "dns://[fd00::1]:1053");
}

TEST(ListenPlan, WithoutBindTheWildcard) {
  plugins::ServerConfig config;
  config.blocks.push_back(block({{".", 53}}));
  const ListenPlan both = listen_plan(config, true);
  EXPECT_EQ(both.begin()->first.address, *runtime::SocketAddress::from_ip("::", 53));
  EXPECT_EQ(both.begin()->second.label, "dns://:53");
  const ListenPlan v4 = listen_plan(config, false);
  EXPECT_EQ(v4.begin()->first.address, *runtime::SocketAddress::from_ip("0.0.0.0", 53));
  EXPECT_EQ(v4.begin()->second.label, "dns://:53");
}

TEST(ListenPlan, OverTlsOnAPortOfItsOwn) {
  plugins::ServerConfig config;
  config.blocks.push_back(block({{"a.test.", 53}, {"a.test.", 853}}, {"10.0.0.1"}));
  config.blocks.push_back(block({{".", 853}}));
  config.blocks[0].zones[1].scheme = plugins::Scheme::tls;
  config.blocks[1].zones[0].scheme = plugins::Scheme::tls;
  const testing::Authority authority;
  const testing::Identity identity = authority.issue("DNS:dns.test");
  const auto context =
      tls::ServerContext::make({.certificate = identity.certificate, .key = identity.key}).value();
  for (plugins::BlockConfig& each : config.blocks) each.tls = context;
  const ListenPlan plan = listen_plan(config, true);
  ASSERT_EQ(plan.size(), 3U);
  EXPECT_EQ(plan.at({*runtime::SocketAddress::from_ip("10.0.0.1", 53)}).tls, nullptr);
  const Listen& secure = plan.at({*runtime::SocketAddress::from_ip("10.0.0.1", 853), plugins::Scheme::tls});
  EXPECT_EQ(secure.label, "tls://10.0.0.1:853");
  EXPECT_EQ(secure.tls, context);
  EXPECT_EQ(plan.at({*runtime::SocketAddress::from_ip("::", 853), plugins::Scheme::tls}).label, "tls://:853");
}

}  // namespace
}  // namespace nld::server
