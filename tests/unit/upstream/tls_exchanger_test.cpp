// TLS exchanges against a server on the loopback interface: the pool and the framing are TCP's, tested there.
#include <gmock/gmock.h>

#include <csignal>

#include "unit/tls/certificates.hpp"
#include "unit/upstream/support/harness.hpp"
#include "unit/upstream/support/tls_server.hpp"
#include "upstream/tcp_exchanger.hpp"

namespace nld::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = ExchangeError::Kind;

struct TlsExchanges : ::testing::Test, Harness {
  TlsExchanges() { std::signal(SIGPIPE, SIG_IGN); }

  std::shared_ptr<const tls::ServerContext> serving(const Identity& identity,
                                                    tls::ClientAuth auth = tls::ClientAuth::nocert) {
    return tls::ServerContext::make({identity.certificate, identity.key, authority.pem(), auth}).value();
  }
  upstream::TcpConnection::Settings settings(const std::string& name = "dns.test") {
    const auto context = tls::ClientContext::make({.authorities = authority.pem()}).value();
    return {server.address(), std::nullopt, 10s, tls::Peer{context, name}};
  }
  void answer_at_once() {
    server.on_query = [this](std::size_t connection, const Message& query) {
      server.send(connection, answer_to(query));
    };
  }
  std::size_t received(std::size_t connection) const {
    return connection < server.connections.size() ? server.connections[connection]->received.size() : 0;
  }
  Pending answered(std::string_view name = "example.org.") {
    const auto pending = ask(exchanger, name);
    run_until(pending);
    return pending;
  }

  Authority authority;
  TlsServer server{loop, serving(authority.issue("DNS:dns.test,IP:127.0.0.1"))};
  std::shared_ptr<upstream::TransportMetrics> metrics = std::make_shared<upstream::TransportMetrics>(
      registry, server.address(), 0, upstream::Reached::over_tls);
  upstream::TcpExchanger exchanger{loop, clock, random, settings(), 0, metrics};
};

TEST_F(TlsExchanges, ReuseOneConnectionAndCountAsCoreDnsDoes) {
  answer_at_once();
  for (int query = 0; query < 5; ++query) ASSERT_TRUE(answered()->value());
  EXPECT_EQ(server.connections.size(), 1U);
  EXPECT_EQ(metrics->stream.open(), 1);
  const std::string exposed = registry.expose();
  EXPECT_THAT(exposed, HasSubstr("proto=\"tcp-tls\""));
  EXPECT_EQ(exposed.find("proto=\"udp\""), std::string::npos);
  EXPECT_EQ(exposed.find("proto=\"tcp\""), std::string::npos);
}

TEST_F(TlsExchanges, MatchAnswersOutOfOrder) {
  const auto first = ask(exchanger, "first.org.");
  const auto second = ask(exchanger, "second.org.");
  run_until([&] { return received(0) == 2; });
  server.send(0, answer_to(server.connections[0]->received[1]));
  run_until(second);
  EXPECT_FALSE(first->has_value());
  server.send(0, answer_to(server.connections[0]->received[0]));
  run_until(first);
  EXPECT_TRUE(first->value());
}

TEST_F(TlsExchanges, CarryManyQueriesAndAnswersLargerThanARecord) {
  std::vector<Pending> all;
  for (int query = 0; query < 60; ++query)
    all.push_back(ask(exchanger, "n" + std::to_string(query) + ".org."));
  run_until([&] { return received(0) == 60; });
  for (const Message& query : server.connections[0]->received) {
    server.send(0, answer_to(query, {.records = 3000}));
  }
  for (const auto& pending : all) {
    run_until(pending);
    ASSERT_TRUE(pending->value());
    EXPECT_EQ(dns::read_header(pending->value()->message).ancount, 3000);
  }
  EXPECT_EQ(server.connections.size(), 1U);
}

TEST_F(TlsExchanges, ResumeTheSessionAfterThePeerClosedAnIdleConnection) {
  answer_at_once();
  for (int connection = 0; connection < 4; ++connection) {
    ASSERT_TRUE(answered()->value());
    EXPECT_EQ(server.connections.back()->stream.channel()->resumed(), connection > 0);
    server.close(server.connections.size() - 1);
    settle();
  }
  EXPECT_EQ(server.connections.size(), 4U);
  const std::string exposed = registry.expose();
  EXPECT_THAT(exposed, HasSubstr("node_local_dns_upstream_tls_handshakes_total{resumed=\"true\",to=\"" +
                                 server.address().to_string() + "\"} 3"));
}

TEST_F(TlsExchanges, AskAgainOnAFreshConnectionWhenThePeerClosesInsteadOfAnswering) {
  answer_at_once();
  ASSERT_TRUE(answered()->value());
  server.on_query = [this](std::size_t connection, const Message& query) {
    if (connection == 0) {
      server.close(0);
    } else {
      server.send(connection, answer_to(query));
    }
  };
  EXPECT_TRUE(answered()->value());
  EXPECT_EQ(server.connections.size(), 2U);
}

TEST_F(TlsExchanges, SendNothingToAPeerThatIsNotTrusted) {
  upstream::TcpExchanger wrong(loop, clock, random, settings("other.test"), 0, metrics);
  const auto pending = ask(wrong, "example.org.");
  run_until(pending);
  ASSERT_FALSE(pending->value());
  EXPECT_EQ(pending->value().error().kind, Kind::handshake);
  EXPECT_THAT(pending->value().error().text,
              StartsWith("tls: failed to verify certificate: x509: certificate is not valid for other.test"));
  EXPECT_EQ(received(0), 0U);
  EXPECT_EQ(metrics->stream.open(), 0);
}

TEST_F(TlsExchanges, PauseAfterAFailedHandshake) {
  upstream::TcpExchanger wrong(loop, clock, random, settings("other.test"), 0, metrics);
  const auto fails = [&] {
    const auto pending = ask(wrong, "example.org.");
    run_until(pending);
    return !pending->value() && pending->value().error().kind == Kind::handshake;
  };
  for (int query = 0; query < 5; ++query) EXPECT_TRUE(fails());
  settle();
  EXPECT_EQ(server.connections.size(), 1U);
  advance(upstream::TcpExchanger::kHandshakePause);
  EXPECT_TRUE(fails());
  settle();
  EXPECT_EQ(server.connections.size(), 2U);
}

TEST_F(TlsExchanges, SayWhyThePeerRefusesUs) {
  server.context = serving(authority.issue("DNS:dns.test"), tls::ClientAuth::require);
  answer_at_once();
  const auto pending = answered();
  ASSERT_FALSE(pending->value());
  EXPECT_EQ(pending->value().error().kind, Kind::handshake);
  EXPECT_THAT(pending->value().error().text, HasSubstr("remote error: tls: "));
}

TEST_F(TlsExchanges, GiveUpAHandshakeThatNeverEnds) {
  server.silent = true;
  const auto pending = ask(exchanger, "example.org.");
  run_until([&] { return !server.connections.empty(); });
  advance(2s);
  ASSERT_TRUE(pending->has_value());
  EXPECT_EQ(pending->value().error().kind, Kind::timeout);
  EXPECT_THAT(pending->value().error().text, StartsWith("dial tcp 127.0.0.1:"));
  server.silent = false;
  answer_at_once();
  EXPECT_TRUE(answered()->value()) << "over another connection";
  advance(5s);
  EXPECT_EQ(metrics->stream.open(), 1);
}

TEST_F(TlsExchanges, TakeAMalformedRecordForAClosedConnection) {
  answer_at_once();
  ASSERT_TRUE(answered()->value());
  const std::string junk = "\x17\x03\x03" + std::string("\0\x20", 2) + std::string(32, 'x');
  boost::asio::write(server.connections[0]->stream.socket(), boost::asio::buffer(junk));
  run_until([&] { return metrics->stream.open() == 0; });
  EXPECT_TRUE(answered()->value());
  EXPECT_EQ(server.connections.size(), 2U);
}

TEST_F(TlsExchanges, EndWhatWaitsWhenTheTransportIsClosed) {
  server.silent = true;
  const auto shaking = ask(exchanger, "example.org.");
  run_until([&] { return server.connections.size() == 1; });
  exchanger.close();
  run_until(shaking);
  EXPECT_EQ(shaking->value().error().kind, Kind::local);
  server.silent = false;
  const auto waiting = ask(exchanger, "example.org.");
  run_until([&] { return received(server.connections.size() - 1) == 1; });
  exchanger.close();
  run_until(waiting);
  EXPECT_EQ(waiting->value().error().kind, Kind::local);
  drain();
}

}  // namespace
}  // namespace nld::testing
