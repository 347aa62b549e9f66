// When upstreams are checked and when they count as down.
#include "upstream/health.hpp"

#include <gtest/gtest.h>

#include "runtime/captured_log.hpp"
#include "unit/upstream/support/fake_exchanger.hpp"
#include "unit/upstream/support/harness.hpp"

namespace nld::testing {
namespace {

const ExchangeError kRefused{ExchangeError::Kind::refused, "connection refused"};

struct Health : ::testing::Test, Harness {
  std::shared_ptr<FakeExchanger> upstream = std::make_shared<FakeExchanger>(clock);
  upstream::WorkerUpstreams transports{
      [this](const runtime::SocketAddress&, const upstream::TransportOptions&) { return upstream; }};
  runtime::CapturedLog log;
  upstream::HealthRegistry health{loop, clock, transports, registry, 9, &log};
  runtime::SocketAddress address = runtime::SocketAddress::from_ip("10.0.0.10", 53).value();
  upstream::HealthOptions options;

  void TearDown() override {
    upstream->says({});
    drain();
  }
  void refuse() { upstream->fails(ExchangeError::Kind::refused, "connection refused"); }
};

TEST_F(Health, NothingIsCheckedWithoutAFailure) {
  const auto state = health.get(address, options);
  advance(10s);
  EXPECT_TRUE(upstream->asked.empty());
  EXPECT_FALSE(state->down());
}

TEST_F(Health, OneFailedExchangeDoesNotMakeItDown) {
  upstream->says({});
  const auto state = health.get(address, options);
  state->report_failure(kRefused);
  EXPECT_FALSE(state->down());
  settle();
  EXPECT_EQ(upstream->asked.size(), 1U);
  advance(10s);
  EXPECT_EQ(upstream->asked.size(), 1U) << "an upstream that answers is not checked again";
  EXPECT_EQ(state->fails(), 0U);
}

TEST_F(Health, DownAfterMaxFailsAndUpWithTheFirstAnswer) {
  refuse();
  const auto state = health.get(address, options);
  state->report_failure(kRefused);
  settle();
  EXPECT_EQ(state->fails(), 1U);
  EXPECT_FALSE(state->down());
  advance(499ms);
  EXPECT_EQ(upstream->asked.size(), 1U);
  advance(1ms);
  EXPECT_EQ(upstream->asked.size(), 2U);
  EXPECT_TRUE(state->down());
  upstream->says({dns::Rcode::REFUSED});
  advance(500ms);
  EXPECT_FALSE(state->down()) << "any answer is an answer";
  EXPECT_EQ(state->fails(), 0U);
  advance(10s);
  EXPECT_EQ(upstream->asked.size(), 3U);
  const std::string text = registry.expose();
  EXPECT_NE(text.find("coredns_forward_healthcheck_failures_total{to=\"10.0.0.10:53\"} 2"), std::string::npos)
      << text;
  EXPECT_NE(text.find("coredns_proxy_healthcheck_failures_total{"), std::string::npos);
}

TEST_F(Health, SilenceFailsAfterASecond) {
  const auto state = health.get(address, options);
  state->report_failure(kRefused);
  advance(999ms);
  EXPECT_EQ(state->fails(), 0U);
  advance(1ms);
  EXPECT_EQ(state->fails(), 1U);
  advance(500ms);
  EXPECT_EQ(upstream->asked.size(), 2U);
}

TEST_F(Health, OneCheckAtATime) {
  const auto state = health.get(address, options);
  for (int report = 0; report < 5; ++report) state->report_failure(kRefused);
  settle();
  EXPECT_EQ(upstream->asked.size(), 1U);
  refuse();
  advance(1s);
  state->report_failure(kRefused);
  settle();
  EXPECT_EQ(upstream->asked.size(), 1U) << "the next one is due after the interval";
}

TEST_F(Health, AReportAfterRecoveryStartsAnew) {
  upstream->says({});
  const auto state = health.get(address, options);
  state->report_failure(kRefused);
  settle();
  state->report_failure(kRefused);
  settle();
  EXPECT_EQ(upstream->asked.size(), 2U);
}

TEST_F(Health, MaxFailsZeroIsNeverDownAndNeverChecked) {
  refuse();
  options.max_fails = 0;
  const auto state = health.get(address, options);
  state->report_failure(kRefused);
  advance(10s);
  EXPECT_TRUE(upstream->asked.empty());
  EXPECT_FALSE(state->down());
}

TEST_F(Health, OurOwnLackIsNoFailureOfTheUpstream) {
  upstream->fails(ExchangeError::Kind::local, "too many open files");
  const auto state = health.get(address, options);
  state->report_failure(kRefused);
  advance(5s);
  EXPECT_EQ(state->fails(), 0U);
  EXPECT_GT(upstream->asked.size(), 5U);
}

TEST_F(Health, AsksTheConfiguredQuestion) {
  upstream->says({});
  options.domain = name_of("check.example.");
  options.recursion_desired = false;
  options.protocol = upstream::Protocol::tcp;
  health.get(address, options)->report_failure(kRefused);
  settle();
  ASSERT_EQ(upstream->asked.size(), 1U);
  const auto query = dns::parse_query(upstream->asked[0].message);
  ASSERT_TRUE(query);
  EXPECT_EQ(dns::to_text(query->name), "check.example.");
  EXPECT_EQ(query->type, dns::RRType::NS);
  EXPECT_FALSE(query->header.has(dns::flag::RD));
  EXPECT_EQ(upstream->asked[0].protocol, upstream::Protocol::tcp);
}

TEST_F(Health, StateSurvivesAReloadWithTheSameOptions) {
  refuse();
  auto state = health.get(address, options);
  state->report_failure(kRefused);
  advance(500ms);
  ASSERT_TRUE(state->down());
  const auto reloaded = health.get(address, options);
  state.reset();
  EXPECT_TRUE(reloaded->down());
  upstream::HealthOptions other = options;
  other.max_fails = 5;
  EXPECT_FALSE(health.get(address, other)->down());
}

TEST_F(Health, AnUpstreamNobodyWantsIsCheckedNoMore) {
  refuse();
  auto state = health.get(address, options);
  state->report_failure(kRefused);
  settle();
  state.reset();
  advance(10s);
  EXPECT_EQ(upstream->asked.size(), 1U);
  EXPECT_FALSE(clock.next_due());
}

TEST_F(Health, AFailedHandshakeIsLoggedOnceUntilACheckSucceeds) {
  const ExchangeError distrust{ExchangeError::Kind::handshake, "tls: nobody knows it"};
  upstream->fails(distrust.kind, distrust.text);
  const auto state = health.get(address, options);
  for (int query = 0; query < 5; ++query) state->report_failure(distrust);
  advance(3s);
  EXPECT_TRUE(state->down());
  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_NE(log.lines()[0].find("no TLS with 10.0.0.10:53: tls: nobody knows it"), std::string::npos);
  upstream->says({});
  advance(500ms);
  EXPECT_FALSE(state->down());
  ASSERT_EQ(log.lines().size(), 2U);
  EXPECT_NE(log.lines()[1].find("TLS with 10.0.0.10:53 works again"), std::string::npos);
  upstream->fails(distrust.kind, distrust.text);
  state->report_failure(distrust);
  EXPECT_EQ(log.lines().size(), 3U);
}

}  // namespace
}  // namespace nld::testing
