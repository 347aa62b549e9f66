// TCP exchanges against servers on the loopback interface.
#include "upstream/tcp_exchanger.hpp"

#include <gmock/gmock.h>

#include "unit/upstream/support/harness.hpp"
#include "unit/upstream/support/servers.hpp"

namespace nld::testing {
namespace {

using ::testing::MatchesRegex;
using upstream::Protocol;

struct TcpExchanges : ::testing::Test, Harness {
  TcpServer server{loop};
  std::shared_ptr<upstream::TransportMetrics> metrics = metrics_for(server.address());
  upstream::TcpExchanger exchanger{loop, clock, random, {server.address(), std::nullopt, 10s}, 0, metrics};

  void answer_at_once() {
    server.on_query = [this](std::size_t connection, const Message& query) {
      server.send(connection, answer_to(query));
    };
  }
  std::size_t received(std::size_t connection) const {
    return connection < server.connections.size() ? server.connections[connection]->received.size() : 0;
  }
  /// One query answered: the connection is open and proven.
  void warm_up() {
    answer_at_once();
    const auto pending = ask(exchanger, "warm.up.");
    run_until(pending);
    ASSERT_TRUE(pending->value());
    server.on_query = [](std::size_t, const Message&) {};
  }
};

TEST_F(TcpExchanges, ReuseOneConnection) {
  answer_at_once();
  for (int query = 0; query < 5; ++query) {
    const auto pending = ask(exchanger, "example.org.");
    run_until(pending);
    ASSERT_TRUE(pending->value());
    EXPECT_EQ(pending->value()->protocol, Protocol::tcp);
  }
  EXPECT_EQ(server.connections.size(), 1U);
  EXPECT_EQ(metrics->stream.open(), 1);
}

TEST_F(TcpExchanges, MatchAnswersOutOfOrder) {
  const auto first = ask(exchanger, "first.org.");
  const auto second = ask(exchanger, "second.org.");
  run_until([&] { return received(0) == 2; });
  server.send(0, answer_to(server.connections[0]->received[1]));
  run_until(second);
  EXPECT_FALSE(first->has_value());
  server.send(0, answer_to(server.connections[0]->received[0]));
  run_until(first);
  ASSERT_TRUE(first->value());
  ASSERT_TRUE(second->value());
  EXPECT_TRUE(dns::name_at_equals(first->value()->message, dns::kHeaderSize, name_of("first.org.").wire()));
}

TEST_F(TcpExchanges, IgnoreAnswersToAnotherQuestion) {
  server.on_query = [this](std::size_t connection, const Message& query) {
    Message other = make_query(name_of("forged.org."));
    dns::put16(other, 0, dns::get16(query, 0));
    server.send(connection, answer_to(other));
    server.send(connection, answer_to(query));
  };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_TRUE(pending->value());
  EXPECT_EQ(metrics->mismatched.value(), 1U);
}

TEST_F(TcpExchanges, OpenAnotherConnectionOnlyWhenAllAreBusy) {
  std::vector<Pending> all;
  for (int query = 0; query < 200; ++query) all.push_back(ask(exchanger, "example.org."));
  run_until([&] { return received(0) + received(1) + received(2) + received(3) == 200; });
  EXPECT_EQ(server.connections.size(), 4U);
  EXPECT_EQ(received(0), upstream::TcpExchanger::kBusy);
  for (std::size_t connection = 0; connection < 4; ++connection) {
    for (const auto& query : server.connections[connection]->received) {
      server.send(connection, answer_to(query));
    }
  }
  for (const auto& pending : all) {
    run_until(pending);
    EXPECT_TRUE(pending->value());
  }
}

/// As an exchanger that has one connection alone.
struct OneConnection {
  std::shared_ptr<upstream::TcpConnection> connection;
  runtime::Clock& clock;
  runtime::Random& random;
  runtime::Task<ExchangeResult> exchange(const upstream::Question& question, runtime::TimePoint deadline) {
    upstream::Completion done;
    const auto id = connection->send(random, question, done);
    if (!id) co_return std::unexpected(id.error());
    const upstream::Ticket<upstream::TcpConnection> ticket(connection, *id, done);
    auto result = co_await done.wait(clock, deadline);
    if (!result) co_return std::unexpected(connection->timeout_text());
    co_return std::move(*result);
  }
};

TEST_F(TcpExchanges, CarryTwoHundredQueriesOnOneConnection) {
  OneConnection one{
      upstream::TcpConnection::open(loop, clock, {server.address(), std::nullopt, 10s}, metrics).value(),
      clock, random};
  std::vector<Pending> all;
  for (int query = 0; query < 200; ++query) all.push_back(ask(one, "n" + std::to_string(query) + ".org."));
  run_until([&] { return received(0) == 200; });
  const auto queries = server.connections[0]->received;
  for (auto query = queries.rbegin(); query != queries.rend(); ++query) server.send(0, answer_to(*query));
  for (const auto& pending : all) {
    run_until(pending);
    EXPECT_TRUE(pending->value());
  }
  EXPECT_EQ(server.connections.size(), 1U);
  one.connection->close({ExchangeError::Kind::local, "end"});
}

TEST_F(TcpExchanges, OpenAFreshConnectionAfterThePeerClosedAnIdleOne) {
  warm_up();
  server.close(0);
  answer_at_once();
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_TRUE(pending->value());
  EXPECT_EQ(server.connections.size(), 2U);
}

TEST_F(TcpExchanges, AskAgainOnOneFreshConnectionWhenThePeerCloses) {
  warm_up();
  std::vector<Pending> all;
  for (int query = 0; query < 10; ++query)
    all.push_back(ask(exchanger, "n" + std::to_string(query) + ".org."));
  run_until([&] { return received(0) == 11; });
  answer_at_once();
  server.close(0);
  for (const auto& pending : all) {
    run_until(pending);
    EXPECT_TRUE(pending->value());
  }
  EXPECT_EQ(server.connections.size(), 2U);
  EXPECT_EQ(received(1), 10U);
}

TEST_F(TcpExchanges, AskAgainOnceOnly) {
  warm_up();
  server.on_query = [this](std::size_t connection, const Message&) { server.close(connection); };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_FALSE(pending->value());
  EXPECT_EQ(pending->value().error().kind, ExchangeError::Kind::closed);
  EXPECT_EQ(server.connections.size(), 2U);
}

TEST_F(TcpExchanges, TakeAFreshConnectionThatIsClosedForAnAnswer) {
  server.on_query = [this](std::size_t connection, const Message&) { server.close(connection); };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_FALSE(pending->value());
  EXPECT_EQ(pending->value().error().kind, ExchangeError::Kind::closed);
  EXPECT_EQ(pending->value().error().text, "EOF");
  EXPECT_EQ(server.connections.size(), 1U);
}

TEST_F(TcpExchanges, FailWhenThePeerClosesInTheMiddleOfAnAnswer) {
  server.on_query = [this](std::size_t connection, const Message& query) {
    const Message answer = answer_to(query);
    Message half{0, static_cast<std::uint8_t>(answer.size())};
    half.insert(half.end(), answer.begin(), answer.begin() + 15);
    server.send_raw(connection, half);
    server.close(connection);
  };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_FALSE(pending->value());
  EXPECT_EQ(pending->value().error().text, "unexpected EOF");
}

TEST_F(TcpExchanges, CloseOnAFrameThatIsNoMessage) {
  server.on_query = [this](std::size_t connection, const Message&) { server.send_raw(connection, {0, 0}); };
  const auto pending = ask(exchanger, "example.org.");
  run_until(pending);
  ASSERT_FALSE(pending->value());
  EXPECT_EQ(pending->value().error().kind, ExchangeError::Kind::malformed);
  run_until([&] { return server.connections[0]->ended; });
  EXPECT_EQ(metrics->stream.open(), 0);
}

TEST_F(TcpExchanges, TakeFramesInAnyPieces) {
  const auto first = ask(exchanger, "first.org.");
  const auto second = ask(exchanger, "second.org.");
  run_until([&] { return received(0) == 2; });
  Message stream;
  for (const auto& query : server.connections[0]->received) {
    const Message answer = answer_to(query, {.records = 3000});  // 48 KB: more than the first buffer
    const std::size_t at = stream.size();
    stream.resize(at + 2);
    dns::put16(stream, at, static_cast<std::uint16_t>(answer.size()));
    stream.insert(stream.end(), answer.begin(), answer.end());
  }
  std::size_t sent = 0;
  for (const std::size_t end : std::array<std::size_t, 5>{1, 2, 3, 5000, stream.size()}) {
    server.send_raw(0, {stream.begin() + static_cast<std::ptrdiff_t>(sent),
                        stream.begin() + static_cast<std::ptrdiff_t>(end)});
    sent = end;
    settle();
  }
  run_until(first);
  run_until(second);
  ASSERT_TRUE(first->value());
  ASSERT_TRUE(second->value());
  EXPECT_EQ(dns::read_header(second->value()->message).ancount, 3000);
}

TEST_F(TcpExchanges, CloseAConnectionThatWasIdleForItsTime) {
  warm_up();
  advance(10s - 1ms);
  EXPECT_EQ(metrics->stream.open(), 1);
  advance(1ms);
  EXPECT_EQ(metrics->stream.open(), 0);
  run_until([&] { return server.connections[0]->ended; });
}

TEST_F(TcpExchanges, StayOpenWhileInUse) {
  warm_up();
  const auto pending = ask(exchanger, "example.org.", 60s);
  run_until([&] { return received(0) == 2; });
  advance(30s);
  EXPECT_EQ(metrics->stream.open(), 1);
  server.send(0, answer_to(server.connections[0]->received[1]));
  run_until(pending);
  EXPECT_TRUE(pending->value());
}

TEST_F(TcpExchanges, KeepNoMoreIdleConnectionsThanAllowed) {
  upstream::TcpExchanger frugal(loop, clock, random, {server.address(), std::nullopt, 10s}, 1, metrics);
  std::vector<Pending> all;
  for (int query = 0; query < 100; ++query) all.push_back(ask(frugal, "example.org."));
  run_until([&] { return received(0) + received(1) == 100; });
  for (std::size_t connection = 0; connection < 2; ++connection) {
    for (const auto& query : server.connections[connection]->received)
      server.send(connection, answer_to(query));
  }
  for (const auto& pending : all) run_until(pending);
  EXPECT_EQ(metrics->stream.open(), 1);
}

TEST_F(TcpExchanges, FailWhenNobodyListens) {
  server.stop();
  runtime::SocketAddress closed;
  {
    const TcpServer gone(loop);
    closed = gone.address();
  }
  upstream::TcpExchanger refused(loop, clock, random, {closed, std::nullopt, 10s}, 0, metrics);
  const auto pending = ask(refused, "example.org.");
  run_until(pending);
  ASSERT_FALSE(pending->value());
  EXPECT_EQ(pending->value().error().kind, ExchangeError::Kind::refused);
  EXPECT_EQ(pending->value().error().text,
            "dial tcp " + closed.to_string() + ": connect: connection refused");
}

TEST_F(TcpExchanges, LeaveASilentConnection) {
  warm_up();
  const auto pending = ask(exchanger, "example.org.");
  run_until([&] { return received(0) == 2; });
  advance(2s);
  ASSERT_TRUE(pending->has_value());
  ASSERT_FALSE(pending->value());
  EXPECT_THAT(pending->value().error().text,
              MatchesRegex("read tcp 127\\.0\\.0\\.1:[0-9]+->127\\.0\\.0\\.1:[0-9]+: i/o timeout"));
  answer_at_once();
  const auto next = ask(exchanger, "example.org.");
  run_until(next);
  ASSERT_TRUE(next->value());
  EXPECT_EQ(server.connections.size(), 2U);
}

TEST_F(TcpExchanges, EndWhenTheTransportIsClosed) {
  const auto pending = ask(exchanger, "example.org.");
  run_until([&] { return received(0) == 1; });
  exchanger.close();
  settle();
  ASSERT_TRUE(pending->has_value());
  EXPECT_EQ(pending->value().error().kind, ExchangeError::Kind::local);
}

}  // namespace
}  // namespace nld::testing
