// UDP exchanges against servers on the loopback interface.
#include "upstream/udp_exchanger.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "unit/upstream/support/harness.hpp"
#include "unit/upstream/support/servers.hpp"

namespace nld::testing {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;
using upstream::Protocol;

struct UdpExchanges : ::testing::Test, Harness {
  UdpServer server{loop};
  std::shared_ptr<upstream::TransportMetrics> metrics = metrics_for(server.address());
  upstream::UdpExchanger exchanger{loop, clock, random, server.address(), std::nullopt, metrics};

  void answer_at_once() {
    server.on_query = [this](const UdpServer::Received& got) { server.send(answer_to(got.query), got.from); };
  }
};

TEST_F(UdpExchanges, BringTheAnswer) {
  answer_at_once();
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_TRUE(pending->value());
  const upstream::Response& response = *pending->value();
  EXPECT_EQ(response.protocol, Protocol::udp);
  EXPECT_EQ(response.info.kind, dns::ResponseKind::success);
  EXPECT_TRUE(std::ranges::equal(response.message, answer_to(server.received.at(0).query)));
  EXPECT_EQ(metrics->mismatched.value(), 0U);
}

TEST_F(UdpExchanges, IgnoreAnotherIdAndGoOnWaiting) {
  server.on_query = [this](const UdpServer::Received& got) {
    Message forged = answer_to(got.query);
    forged[0] ^= 1U;
    server.send(forged, got.from);
    server.send(answer_to(got.query), got.from);
  };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_TRUE(pending->value());
  EXPECT_EQ(dns::get16(pending->value()->message, 0), dns::get16(server.received[0].query, 0));
  EXPECT_EQ(metrics->mismatched.value(), 1U);
}

TEST_F(UdpExchanges, IgnoreAnotherQuestionUnderTheRightId) {
  server.on_query = [this](const UdpServer::Received& got) {
    Message other = make_query(name_of("forged.example.org."));
    dns::put16(other, 0, dns::get16(got.query, 0));
    server.send(answer_to(other), got.from);
    server.send(Message{1, 2, 3}, got.from);
    server.send(answer_to(got.query), got.from);
  };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_TRUE(pending->value());
  EXPECT_TRUE(std::ranges::equal(pending->value()->message, answer_to(server.received[0].query)));
  EXPECT_EQ(metrics->mismatched.value(), 2U);
}

TEST_F(UdpExchanges, IgnoreDatagramsOfOthers) {
  UdpServer stranger(loop);
  server.on_query = [&](const UdpServer::Received& got) {
    stranger.send(answer_to(got.query, {dns::Rcode::NXDOMAIN}), got.from);
    server.send(answer_to(got.query), got.from);
  };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_TRUE(pending->value());
  EXPECT_EQ(pending->value()->info.rcode, dns::Rcode::NOERROR);
}

TEST_F(UdpExchanges, EndAtTheDeadlineAndDropALateAnswer) {
  const auto pending = ask(exchanger, "example.org.");
  run_until([&] { return server.received.size() == 1; });
  advance(2s - 1ms);
  EXPECT_FALSE(pending->has_value());
  advance(1ms);
  ASSERT_TRUE(pending->has_value());
  ASSERT_FALSE(pending->value());
  EXPECT_EQ(pending->value().error().kind, ExchangeError::Kind::timeout);
  EXPECT_THAT(pending->value().error().text,
              MatchesRegex("read udp 127\\.0\\.0\\.1:[0-9]+->127\\.0\\.0\\.1:[0-9]+: i/o timeout"));
  EXPECT_THAT(pending->value().error().text, EndsWith(server.address().to_string() + ": i/o timeout"));

  server.send(answer_to(server.received[0].query), server.received[0].from);
  run_until([&] { return metrics->mismatched.value() == 1; });
}

TEST_F(UdpExchanges, FailAtOnceWhenThePortIsClosed) {
  runtime::SocketAddress closed;
  {
    const UdpServer gone(loop);
    closed = gone.address();
  }
  upstream::UdpExchanger refused(loop, clock, random, closed, std::nullopt, metrics);
  const auto pending = ask(refused, "example.org.");
  run_until(pending);  // no time passes
  ASSERT_FALSE(pending->value());
  EXPECT_EQ(pending->value().error().kind, ExchangeError::Kind::refused);
  EXPECT_THAT(pending->value().error().text,
              MatchesRegex("(read|write) udp 127\\.0\\.0\\.1:[0-9]+->127\\.0\\.0\\.1:[0-9]+: "
                           "(read|write): connection refused"));
}

TEST_F(UdpExchanges, VaryIdsAndPorts) {
  answer_at_once();
  std::set<std::uint16_t> ids;
  std::set<std::uint16_t> ports;
  for (int query = 0; query < 300; ++query) {
    const auto pending = ask(exchanger, "example.org.");
    run_until(pending);
    ASSERT_TRUE(pending->value());
    ids.insert(dns::get16(server.received.back().query, 0));
    ports.insert(server.received.back().from.port());
  }
  EXPECT_GT(ids.size(), 290U);
  EXPECT_GE(ports.size(), upstream::UdpExchanger::kSockets);
  EXPECT_EQ(metrics->udp->open(), 16);
}

TEST_F(UdpExchanges, OfOneTurnShareASocketAndOfManyTurnsDoNot) {
  answer_at_once();
  std::set<std::uint16_t> all;
  for (int turn = 0; turn < 20; ++turn) {
    const std::size_t before = server.received.size();
    std::vector<Pending> together;
    for (int query = 0; query < 8; ++query) together.push_back(ask(exchanger, "example.org."));
    for (const auto& pending : together) run_until(pending);
    std::set<std::uint16_t> ports;
    for (std::size_t at = before; at < server.received.size(); ++at) {
      ports.insert(server.received[at].from.port());
    }
    EXPECT_EQ(ports.size(), 1U);
    all.insert(ports.begin(), ports.end());
  }
  EXPECT_GT(all.size(), 5U);  // of 16; the random source is seeded
}

TEST_F(UdpExchanges, NeverUseAPortForMoreThanItsShare) {
  answer_at_once();
  std::map<std::uint16_t, std::uint32_t> uses;
  for (int round = 0; round < 60; ++round) {
    std::vector<Pending> batch;
    for (int query = 0; query < 100; ++query) batch.push_back(ask(exchanger, "example.org."));
    for (const auto& pending : batch) run_until(pending);
  }
  for (const auto& got : server.received) ++uses[got.from.port()];
  EXPECT_GT(uses.size(), 16U);
  for (const auto& [port, count] : uses) EXPECT_LE(count, upstream::UdpSocket::kMaxUses) << port;
}

TEST_F(UdpExchanges, CloseSocketsOfAge) {
  answer_at_once();
  for (int query = 0; query < 40; ++query) run_until(ask(exchanger, "example.org."));
  EXPECT_GT(metrics->udp->open(), 0);
  advance(upstream::UdpSocket::kMaxAge);
  EXPECT_EQ(metrics->udp->open(), 0);
  EXPECT_FALSE(clock.next_due());
}

TEST_F(UdpExchanges, ReturnTruncatedAnswersAsTheyAre) {
  server.on_query = [this](const UdpServer::Received& got) {
    server.send(answer_to(got.query, {.records = 0, .flags = dns::flag::TC}), got.from);
  };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_TRUE(pending->value());
  EXPECT_TRUE(pending->value()->info.truncated);
  EXPECT_EQ(server.received.size(), 1U);
}

TEST_F(UdpExchanges, TakeADatagramThatIsTooLongForTruncated) {
  server.on_query = [this](const UdpServer::Received& got) {
    server.send(answer_to(got.query, {.records = 500}), got.from);
  };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_TRUE(pending->value());
  EXPECT_TRUE(pending->value()->info.truncated);
  EXPECT_EQ(dns::read_header(pending->value()->message).ancount, 0);
}

TEST_F(UdpExchanges, MatchAnswersThatComeInReverse) {
  std::vector<Pending> all;
  for (int query = 0; query < 100; ++query)
    all.push_back(ask(exchanger, "n" + std::to_string(query) + ".org."));
  run_until([&] { return server.received.size() == 100; });
  for (auto got = server.received.rbegin(); got != server.received.rend(); ++got) {
    server.send(answer_to(got->query), got->from);
  }
  for (int query = 0; query < 100; ++query) {
    const auto& pending = all[static_cast<std::size_t>(query)];
    run_until(pending);
    ASSERT_TRUE(pending->value());
    const dns::Name asked = name_of("n" + std::to_string(query) + ".org.");
    EXPECT_TRUE(dns::name_at_equals(pending->value()->message, dns::kHeaderSize, asked.wire()));
  }
}

TEST_F(UdpExchanges, AreBounded) {
  std::vector<Pending> all;
  for (std::size_t query = 0; query < upstream::UdpExchanger::kMaxOutstanding; ++query) {
    all.push_back(ask(exchanger, "example.org."));
  }
  settle();
  const auto one_more = ask(exchanger, "example.org.");
  settle();
  ASSERT_TRUE(one_more->has_value());
  EXPECT_EQ(one_more->value().error().kind, ExchangeError::Kind::local);
  EXPECT_FALSE(all.front()->has_value());

  exchanger.close();
  settle();
  for (const auto& pending : all) {
    ASSERT_TRUE(pending->has_value());
    EXPECT_FALSE(pending->value());
  }
  EXPECT_EQ(metrics->udp->open(), 0);
}

TEST_F(UdpExchanges, ComeFromTheSourceAddress) {
  answer_at_once();
  upstream::UdpExchanger bound(loop, clock, random, server.address(),
                               runtime::SocketAddress::from_ip("127.0.0.2", 0), metrics);
  run_until(ask(bound, "example.org."));
  ASSERT_EQ(server.received.size(), 1U);
  EXPECT_EQ(server.received[0].from.address().to_string(), "127.0.0.2");
}

}  // namespace
}  // namespace nld::testing
