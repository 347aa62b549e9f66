// Exchangers are shared and outlive a reload.
#include "upstream/worker_upstreams.hpp"

#include <gtest/gtest.h>

#include "unit/upstream/support/fake_exchanger.hpp"
#include "unit/upstream/support/harness.hpp"
#include "unit/upstream/support/servers.hpp"

namespace nld::testing {
namespace {

TEST(WorkerUpstreams, GiveTheSameExchangerWhileItIsHeld) {
  Harness harness;
  int made = 0;
  upstream::WorkerUpstreams upstreams([&](const runtime::SocketAddress&, const upstream::TransportOptions&) {
    ++made;
    return std::make_shared<FakeExchanger>(harness.clock);
  });
  const auto address = runtime::SocketAddress::from_ip("10.0.0.10", 53).value();
  const auto before = upstreams.get(address, {});
  const auto after = upstreams.get(address, {});
  EXPECT_EQ(before, after);
  EXPECT_EQ(made, 1);
  upstream::TransportOptions other;
  other.expire = 1s;
  EXPECT_NE(upstreams.get(address, other), before);
  EXPECT_EQ(made, 2);
  upstreams.get(address, other);
  EXPECT_EQ(made, 3) << "nobody held it";
}

/// Binds the protocol, so that the harness can ask.
struct Over {
  std::shared_ptr<upstream::Exchanger> exchanger;
  upstream::Protocol protocol;
  runtime::Task<ExchangeResult> exchange(const upstream::Question& question, runtime::TimePoint deadline) {
    return exchanger->exchange(question, protocol, deadline);
  }
};

TEST(WorkerUpstreams, ReachAServerOverBothProtocols) {
  Harness harness;
  UdpServer udp(harness.loop);
  TcpServer tcp(harness.loop);
  udp.on_query = [&](const UdpServer::Received& got) { udp.send(answer_to(got.query), got.from); };
  tcp.on_query = [&](std::size_t connection, const Message& query) {
    tcp.send(connection, answer_to(query));
  };
  upstream::WorkerUpstreams upstreams(
      upstream::socket_exchangers(harness.loop, harness.clock, harness.random, harness.registry, 0));
  Over over_udp{upstreams.get(udp.address(), {}), upstream::Protocol::udp};
  Over over_tcp{upstreams.get(tcp.address(), {}), upstream::Protocol::tcp};
  const auto first = harness.ask(over_udp, "example.org.");
  harness.run_until(first);
  EXPECT_TRUE(first->value());
  const auto second = harness.ask(over_tcp, "example.org.");
  harness.run_until(second);
  EXPECT_TRUE(second->value());
  const std::string text = harness.registry.expose();
  EXPECT_NE(text.find("coredns_proxy_conn_cache_misses_total{"), std::string::npos);
  EXPECT_NE(text.find("node_local_dns_upstream_connections{"), std::string::npos);

  const auto silent = harness.ask(over_udp, "example.org.");
  udp.on_query = [](const UdpServer::Received&) {};
  harness.settle();
  upstreams.close();
  harness.settle();
  EXPECT_TRUE(silent->has_value());
}

}  // namespace
}  // namespace nld::testing
