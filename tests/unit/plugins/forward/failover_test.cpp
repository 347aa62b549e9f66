// Which upstreams a query tries, in what order, and when it gives up.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "forward_fixture.hpp"

namespace nld::testing {
namespace {

using plugins::ForwardPolicy;
using ::testing::ElementsAre;

struct Failover : ForwardFixture {};

TEST_F(Failover, SequentialAsksTheFirstThatWorks) {
  refuse(1);
  refuse(2);
  at(3).says({});
  const auto asking = ask_and_wait();
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::NOERROR);
  EXPECT_EQ(asking->reply.plugin, "forward");
  EXPECT_THAT(sequence, ElementsAre("10.0.0.1", "10.0.0.2", "10.0.0.3"));
}

TEST_F(Failover, RoundRobinTakesTurns) {
  config.policy = ForwardPolicy::round_robin;
  for (int upstream = 1; upstream <= 3; ++upstream) at(upstream).says({});
  for (int query = 0; query < 4; ++query) ask_and_wait();
  EXPECT_THAT(sequence, ElementsAre("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1"));
}

TEST_F(Failover, RoundRobinFallsBackToTheOthersAsWritten) {
  config.policy = ForwardPolicy::round_robin;
  build();
  shared->turn = 2;
  refuse(3);
  refuse(1);
  at(2).says({});
  ask_and_wait();
  EXPECT_THAT(sequence, ElementsAre("10.0.0.3", "10.0.0.1", "10.0.0.2"));
}

TEST_F(Failover, RandomSpreadsAndTriesEachOnce) {
  config.policy = ForwardPolicy::random;
  std::set<std::string> first;
  for (int query = 0; query < 60; ++query) {
    for (int upstream = 1; upstream <= 3; ++upstream) refuse(upstream);
    sequence.clear();
    const auto asking = start();
    ASSERT_GE(sequence.size(), 3U);
    first.insert(sequence[0]);
    EXPECT_EQ(std::set(sequence.begin(), sequence.begin() + 3).size(), 3U);
    for (int upstream = 1; upstream <= 3; ++upstream) at(upstream).says({});
    for (int upstream = 1; upstream <= 3; ++upstream) check(upstream).says({});
    complete(asking);
  }
  EXPECT_EQ(first.size(), 3U);
}

TEST_F(Failover, SilenceCostsReadTimeoutThenTheNextIsAsked) {
  at(2).says({});
  const auto begin = clock.now();
  const auto asking = start();
  advance(1999ms);
  EXPECT_FALSE(asking->done);
  advance(1ms);
  EXPECT_TRUE(asking->done);
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::NOERROR);
  EXPECT_EQ(at(1).asked[0].deadline, begin + 2s);
}

TEST_F(Failover, EndsAfterFiveSecondsInAll) {
  upstreams({"10.0.0.1"});
  config.max_fails = 0;
  const auto begin = clock.now();
  const auto asking = ask_and_wait();
  EXPECT_EQ(clock.now(), begin + 5s);
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::SERVFAIL);
  EXPECT_EQ(asking->reply.error, "read udp: i/o timeout");
  EXPECT_EQ(asking->reply.plugin, "");
  EXPECT_EQ(asking->reply.answer, nullptr);
  EXPECT_EQ(asking->reply.extended_error, dns::ExtendedError::no_reachable_authority);
  for (const auto& asked : at(1).asked) EXPECT_LE(asked.deadline, begin + 5s);
}

TEST_F(Failover, AnUpstreamThatRefusesAtOnceIsNotAskedInABusyLoop) {
  upstreams({"10.0.0.1"});
  config.max_fails = 0;
  refuse(1);
  const auto asking = ask_and_wait();
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::SERVFAIL);
  EXPECT_EQ(asking->reply.error, "refused by 1");
  EXPECT_GT(sequence.size(), 5U);
  EXPECT_LT(sequence.size(), 30U);
}

TEST_F(Failover, AnUpstreamThatComesBackWithinTheTimeAnswers) {
  upstreams({"10.0.0.1"});
  refuse(1);
  check(1).says({});
  const auto asking = start();
  advance(1s);
  EXPECT_FALSE(asking->done);
  at(1).says({});
  complete(asking);
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::NOERROR);
  EXPECT_EQ(asking->reply.error, "");
}

TEST_F(Failover, OneFailedExchangeDoesNotMarkAnUpstreamDown) {
  refuse(1);
  at(2).says({});
  check(1).says({});
  ask_and_wait();
  settle();
  EXPECT_EQ(check(1).asked.size(), 1U) << "but it is checked";
  EXPECT_FALSE(shared->health[0]->down());
  at(1).says({});
  sequence.clear();
  ask_and_wait();
  EXPECT_THAT(sequence, ElementsAre("10.0.0.1"));
}

TEST_F(Failover, UpstreamsThatAreDownAreSkipped) {
  bring_down({0, 1});
  at(3).says({});
  ask_and_wait();
  EXPECT_THAT(sequence, ElementsAre("10.0.0.3"));
}

TEST_F(Failover, WithAllDownOneIsTriedAllTheSame) {
  bring_down({0, 1, 2});
  for (int upstream = 1; upstream <= 3; ++upstream) at(upstream).says({});
  const auto asking = ask_and_wait();
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::NOERROR);
  EXPECT_EQ(sequence.size(), 1U);
  EXPECT_TRUE(exposes("coredns_forward_healthcheck_broken_total 1"));
}

TEST_F(Failover, WithAllDownAndThatOneFailingItEnds) {
  bring_down({0, 1, 2});
  for (int upstream = 1; upstream <= 3; ++upstream) refuse(upstream);
  const auto begin = clock.now();
  const auto asking = ask_and_wait();
  EXPECT_EQ(clock.now(), begin);
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::SERVFAIL);
  EXPECT_EQ(sequence.size(), 1U);
}

TEST_F(Failover, FailfastAsksNobodyWhenAllAreDown) {
  config.failfast_all_unhealthy = true;
  bring_down({0, 1, 2});
  const auto asking = ask_and_wait();
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::SERVFAIL);
  EXPECT_EQ(asking->reply.error, "no healthy proxies");
  EXPECT_EQ(asking->reply.extended_error, dns::ExtendedError::no_reachable_authority);
  EXPECT_TRUE(sequence.empty());
  EXPECT_TRUE(exposes("coredns_forward_healthcheck_broken_total 1"));
}

TEST_F(Failover, MaxConnectAttemptsCapsTheFailures) {
  config.max_connect_attempts = 2;
  for (int upstream = 1; upstream <= 3; ++upstream) refuse(upstream);
  const auto asking = ask_and_wait();
  EXPECT_THAT(sequence, ElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_EQ(asking->reply.error, "refused by 2");
}

TEST_F(Failover, ErrorsOfOurOwnStartNoCheck) {
  at(1).fails(ExchangeError::Kind::local, "dial udp 10.0.0.1:53: socket: too many open files");
  at(2).says({});
  ask_and_wait();
  settle();
  EXPECT_TRUE(check(1).asked.empty());
}

TEST_F(Failover, RcodesThatCallForItGoToTheNextUpstream) {
  config.failover = {dns::Rcode::SERVFAIL, dns::Rcode::REFUSED};
  at(1).says({dns::Rcode::SERVFAIL});
  at(2).says({dns::Rcode::REFUSED});
  at(3).says({});
  const auto asking = ask_and_wait();
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::NOERROR);
  EXPECT_EQ(sequence.size(), 3U);
}

TEST_F(Failover, TheLastAnswerStandsWhenAllCallForFailover) {
  config.failover = {dns::Rcode::SERVFAIL, dns::Rcode::REFUSED};
  at(1).says({dns::Rcode::SERVFAIL});
  at(2).says({dns::Rcode::SERVFAIL});
  at(3).says({dns::Rcode::REFUSED});
  const auto begin = clock.now();
  const auto asking = ask_and_wait();
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::REFUSED);
  ASSERT_NE(asking->reply.answer, nullptr);
  EXPECT_EQ(sequence.size(), 3U);
  EXPECT_EQ(clock.now(), begin);
}

TEST_F(Failover, AnAnswerThatCalledForFailoverBeatsALaterError) {
  config.failover = {dns::Rcode::SERVFAIL};
  upstreams({"10.0.0.1", "10.0.0.2"});
  at(1).says({dns::Rcode::SERVFAIL});
  refuse(2);
  const auto asking = ask_and_wait();
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::SERVFAIL);
  EXPECT_EQ(asking->reply.plugin, "forward");
  EXPECT_EQ(sequence.size(), 2U);
}

TEST_F(Failover, OtherRcodesAreAnswers) {
  at(1).says({dns::Rcode::SERVFAIL});
  const auto asking = ask_and_wait();
  EXPECT_EQ(asking->reply.rcode, dns::Rcode::SERVFAIL);
  EXPECT_EQ(sequence.size(), 1U);
}

}  // namespace
}  // namespace nld::testing
