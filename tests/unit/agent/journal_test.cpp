// The journal's bounds and its account of time on the fallback.
#include "agent/journal.hpp"

#include <gtest/gtest.h>

#include "runtime/manual_clock.hpp"

namespace nld::agent {
namespace {

using std::chrono::seconds;

TEST(Journal, KeepsTheLatestRepairs) {
  Journal journal;
  for (int number = 0; number < 40; ++number) {
    journal.repaired({net::Repair::Kind::iptables, net::Fault::missing, std::to_string(number)});
  }
  EXPECT_EQ(journal.repair_count(), 40U);
  ASSERT_EQ(journal.repairs().size(), 32U);
  EXPECT_EQ(journal.repairs().front().repair.what, "8");
  EXPECT_EQ(journal.repairs().back().repair.what, "39");
}

TEST(Journal, AddsUpTheTimeOnTheFallback) {
  runtime::ManualClock clock;
  Journal journal;
  journal.failover_began("killed", clock.now());
  clock.advance(seconds(2));
  EXPECT_EQ(journal.fallback_time(clock.now()), seconds(2));
  EXPECT_TRUE(journal.on_fallback());
  journal.failover_ended(clock.now());
  clock.advance(seconds(10));
  journal.failover_began("hung", clock.now());
  clock.advance(seconds(3));
  EXPECT_EQ(journal.fallback_time(clock.now()), seconds(5));
  ASSERT_EQ(journal.failovers().size(), 2U);
  EXPECT_EQ(journal.failovers()[0].lasted, seconds(2));
  EXPECT_FALSE(journal.failovers()[1].lasted);
}

TEST(Journal, AnEndWithoutABeginningIsNothing) {
  runtime::ManualClock clock;
  Journal journal;
  journal.failover_ended(clock.now());
  EXPECT_TRUE(journal.failovers().empty());
}

}  // namespace
}  // namespace nld::agent
