// Starting, crashing, hanging, adopting, stopping: the order of things and their bounds.
#include "agent/supervisor.hpp"

#include <signal.h>

#include <algorithm>
#include <map>

#include "unit/agent/supervisor_fixture.hpp"

namespace nld::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = ProbeResult::Kind;
using State = ServerStatus::State;

TEST_F(SupervisorTest, NothingGoesToAServerThatHasNotAnswered) {
  prober_.usual = Kind::refused;
  supervisor().start();
  EXPECT_EQ(events_, (Events{"lost died", "launch"}));
  pass(milliseconds(50));
  EXPECT_EQ(supervisor().status().state, State::starting);
  prober_.usual = Kind::answered;
  pass(milliseconds(10));
  EXPECT_EQ(supervisor().status().state, State::serving);
  EXPECT_EQ(events_.back(), "answers");
  EXPECT_FALSE(journal_.on_fallback());
  EXPECT_TRUE(journal_.failovers().empty()) << "a start is no failover";
}

TEST_F(SupervisorTest, NoServerIsStartedBeforeTheRulesLeadElsewhere) {
  traffic_.slow = true;
  supervisor().start();
  pass(milliseconds(100));
  EXPECT_EQ(events_, Events{"lost died"});
  traffic_.pending();
  EXPECT_EQ(events_, (Events{"lost died", "launch"}));
  pass(milliseconds(1));
  events_.clear();
  launcher_.current->end("killed by signal 9");
  pass(milliseconds(100));
  EXPECT_EQ(events_, Events{"lost died"});
  traffic_.pending();
  EXPECT_EQ(events_, (Events{"lost died", "launch"}));
}

TEST_F(SupervisorTest, StuckRulesDoNotKeepAServerFromStarting) {
  traffic_.slow = true;
  supervisor().start();
  pass(milliseconds(249));
  EXPECT_EQ(events_, Events{"lost died"});
  pass(milliseconds(2));
  EXPECT_EQ(events_, (Events{"lost died", "launch", "answers"}));
  traffic_.pending();  // at last, and too late to mean anything
  EXPECT_EQ(events_.size(), 3U);
}

TEST_F(SupervisorTest, AStopDuringTheSwitchStartsNothing) {
  traffic_.slow = true;
  supervisor().start();
  bool done = false;
  supervisor().stop([&] { done = true; });
  EXPECT_TRUE(done);
  traffic_.pending();
  pass(seconds(1));
  EXPECT_EQ(events_, Events{"lost died"});
}

TEST_F(SupervisorTest, ACrashIsRestartedAtOnce) {
  start_serving();
  launcher_.current->end("killed by signal 9");
  EXPECT_EQ(events_, (Events{"lost died"}));
  EXPECT_TRUE(journal_.on_fallback());
  pass(milliseconds(10));
  EXPECT_EQ(events_, (Events{"lost died", "launch"}));
  pass(milliseconds(1));
  EXPECT_EQ(events_.back(), "answers");
  ASSERT_EQ(journal_.failovers().size(), 1U);
  EXPECT_EQ(journal_.failovers()[0].cause, "killed by signal 9");
  EXPECT_EQ(journal_.failovers()[0].lasted, milliseconds(10));
  EXPECT_EQ(supervisor().status().restarts, 1U);
  EXPECT_TRUE(exposes(R"(node_local_dns_failovers_total{cause="signal"} 1)"));
  EXPECT_TRUE(exposes(R"(node_local_dns_server_restarts_total{cause="signal"} 1)"));
  EXPECT_TRUE(exposes("node_local_dns_server_up 1"));
}

TEST_F(SupervisorTest, ACrashLoopBacksOffAndStaysOneFailover) {
  prober_.usual = Kind::refused;
  supervisor().start();
  std::vector<milliseconds> waits;
  for (int crash = 0; crash < 14; ++crash) {
    launcher_.current->end("exited with 1");
    const auto status = supervisor().status();
    ASSERT_TRUE(status.next_start_in);
    waits.push_back(std::chrono::duration_cast<milliseconds>(*status.next_start_in));
    pass(waits.back());
  }
  EXPECT_EQ(waits.front(), milliseconds(10));
  EXPECT_EQ(waits[1], milliseconds(20));
  EXPECT_EQ(waits.back(), seconds(10));
  EXPECT_EQ(journal_.failovers().size(), 1U);
  EXPECT_EQ(supervisor().status().last_end, "exited with 1");
  EXPECT_EQ(supervisor().status().restarts, 14U);
}

TEST_F(SupervisorTest, ThirtyGoodSecondsForgiveTheCrashesBefore) {
  start_serving();
  for (int crash = 0; crash < 4; ++crash) {
    launcher_.current->end("killed by signal 11");
    pass(milliseconds(200));
    ASSERT_EQ(supervisor().status().state, State::serving);
  }
  pass(seconds(31));
  launcher_.current->end("killed by signal 11");
  EXPECT_EQ(supervisor().status().next_start_in, milliseconds(10));
}

TEST_F(SupervisorTest, WhyTheConfigurationIsRefusedStandsInTheStatus) {
  options_.explain = [] { return std::string("/etc/Corefile:3: unknown directive"); };
  prober_.usual = Kind::refused;
  supervisor().start();
  launcher_.current->end("exited with 1");
  EXPECT_EQ(supervisor().status().last_end, "exited with 1: /etc/Corefile:3: unknown directive");
}

TEST_F(SupervisorTest, AProgramThatCannotBeStartedIsTriedAgain) {
  launcher_.broken = "cannot start unbound: No such file or directory";
  supervisor().start();
  EXPECT_EQ(supervisor().status().state, State::waiting);
  EXPECT_EQ(supervisor().status().last_end, launcher_.broken);
  launcher_.broken.clear();
  pass(milliseconds(11));
  EXPECT_EQ(supervisor().status().state, State::serving);
}

TEST_F(SupervisorTest, AHungServerIsTakenOutRulesFirst) {
  start_serving();
  prober_.usual = Kind::silent;
  pass(milliseconds(1250));  // the interval and the limit: no more may pass
  EXPECT_EQ(events_, (Events{"lost hangs"}));
  EXPECT_EQ(supervisor().status().state, State::hung);
  traffic_.pending();
  EXPECT_EQ(events_, (Events{"lost hangs", "signal 9"}));
  prober_.usual = Kind::answered;
  launcher_.current->end("killed by signal 9");
  pass(milliseconds(11));
  EXPECT_EQ(events_, (Events{"lost hangs", "signal 9", "launch", "answers"}));
  ASSERT_EQ(journal_.failovers().size(), 1U);
  EXPECT_EQ(journal_.failovers()[0].cause, "hung: no answer at 169.254.20.10:53 for 1000 ms");
  EXPECT_TRUE(exposes(R"(node_local_dns_server_restarts_total{cause="hang"} 1)"));
}

TEST_F(SupervisorTest, StuckRulesDoNotProtectAHungServer) {
  start_serving();
  prober_.usual = Kind::silent;
  pass(milliseconds(1250));
  ASSERT_EQ(events_, (Events{"lost hangs"}));
  pass(milliseconds(250));  // and `pending` is never called
  EXPECT_EQ(events_, (Events{"lost hangs", "signal 9"}));
}

TEST_F(SupervisorTest, EachHangInARowIsWaitedForLonger) {
  start_serving();
  std::vector<runtime::Duration> limits;
  for (int hang = 0; hang < 5; ++hang) {
    limits.push_back(prober_.last_limit);
    prober_.usual = Kind::silent;
    pass(seconds(20));
    ASSERT_EQ(supervisor().status().state, State::hung);
    prober_.usual = Kind::answered;
    launcher_.current->end("killed by signal 9");
    pass(seconds(10));
    ASSERT_EQ(supervisor().status().state, State::serving);
  }
  EXPECT_EQ(limits,
            (std::vector<runtime::Duration>{seconds(1), seconds(2), seconds(4), seconds(8), seconds(8)}));
}

TEST_F(SupervisorTest, OneLostProbeIsNoHang) {
  start_serving();
  prober_.usual = Kind::silent;
  pass(milliseconds(260));  // one probe that will stay silent
  prober_.usual = Kind::answered;
  pass(seconds(5));
  EXPECT_EQ(supervisor().status().state, State::serving);
  EXPECT_EQ(events_, Events{});
}

TEST_F(SupervisorTest, AnAddressThatIsGoneSaysNothingOfTheServer) {
  start_serving();
  prober_.usual = Kind::unreachable;
  pass(seconds(60));
  EXPECT_EQ(supervisor().status().state, State::serving);
  EXPECT_EQ(events_, Events{});
}

TEST_F(SupervisorTest, AnAddressThatNeverAnsweredDoesNotCount) {
  options_.addresses.push_back(*runtime::SocketAddress::from_ip("fd00::10", 53));
  prober_.dead["fd00::10"] = Kind::silent;
  start_serving();
  pass(seconds(60));
  EXPECT_EQ(supervisor().status().state, State::serving);
}

TEST_F(SupervisorTest, AServerThatNeverAnswersIsTakenForHung) {
  prober_.usual = Kind::silent;
  supervisor().start();
  pass(seconds(29));
  EXPECT_EQ(supervisor().status().state, State::starting);
  pass(seconds(3));
  EXPECT_EQ(supervisor().status().state, State::hung);
}

TEST_F(SupervisorTest, AnOrphanOfTheSameCommandGoesOn) {
  launcher_.orphan = true;
  supervisor().start();
  pass(milliseconds(1));
  EXPECT_EQ(events_, Events{"answers"}) << "no launch, and no packet taken from it";
  EXPECT_TRUE(supervisor().status().adopted);
  EXPECT_EQ(supervisor().status().pid, 99);
}

TEST_F(SupervisorTest, AnOrphanOfAnotherCommandIsDrainedAndReplaced) {
  launcher_.orphan = true;
  launcher_.same_command = false;
  supervisor().start();
  EXPECT_EQ(events_, Events{"signal 15"});
  launcher_.current->end("ended");
  EXPECT_EQ(events_, (Events{"signal 15", "lost died", "launch"}));
  pass(milliseconds(1));
  EXPECT_EQ(supervisor().status().state, State::serving);
  EXPECT_FALSE(supervisor().status().adopted);
}

TEST_F(SupervisorTest, StopDrainsAndIsBounded) {
  start_serving();
  bool done = false;
  supervisor().stop([&] { done = true; });
  EXPECT_EQ(events_, (Events{"lost died", "signal 15"}));
  pass(seconds(1));
  EXPECT_EQ(events_.back(), "signal 15");
  EXPECT_EQ(events_.size(), 3U) << "asked again, to end the lame duck time";
  pass(milliseconds(2799));
  EXPECT_EQ(events_.size(), 3U);
  pass(milliseconds(1));
  EXPECT_EQ(events_.back(), "signal 9");
  EXPECT_FALSE(done);
  launcher_.current->end("killed by signal 9");
  EXPECT_TRUE(done);
  pass(seconds(60));
  EXPECT_EQ(supervisor().status().state, State::stopped);
  EXPECT_EQ(std::ranges::count(events_, "launch"), 0) << "nothing is started after a stop";
}

TEST_F(SupervisorTest, StopWhileHungOrWaitingEnds) {
  start_serving();
  prober_.usual = Kind::silent;
  pass(milliseconds(1250));
  ASSERT_EQ(supervisor().status().state, State::hung);
  bool done = false;
  supervisor().stop([&] { done = true; });
  EXPECT_EQ(events_.back(), "signal 9");
  launcher_.current->end("killed by signal 9");
  EXPECT_TRUE(done);
}

TEST_F(SupervisorTest, StopBetweenTwoStartsEndsAtOnce) {
  start_serving();
  launcher_.current->end("exited with 1");
  bool done = false;
  supervisor().stop([&] { done = true; });
  EXPECT_TRUE(done);
  pass(seconds(60));
  EXPECT_EQ(events_, Events{"lost died"});
}

TEST_F(SupervisorTest, StopTwiceKills) {
  start_serving();
  supervisor().stop([] {});
  supervisor().stop([] {});
  EXPECT_EQ(events_.back(), "signal 9");
}

TEST_F(SupervisorTest, ReloadSignalsArePassedOn) {
  start_serving();
  supervisor().forward_signal(SIGHUP);
  supervisor().forward_signal(SIGUSR1);
  EXPECT_EQ(events_, (Events{"signal 1", "signal 10"}));
}

// --- two servers at one address
// -----------------------------------------------------------------------------

TEST_F(SupervisorTest, AnAnswerOfAnotherServerIsNoSignOfOurs) {
  prober_.usual = Kind::by_another;
  supervisor().start();
  pass(seconds(1));
  EXPECT_EQ(supervisor().status().state, State::starting);
  EXPECT_EQ(prober_.last_instance, "100");
  prober_.usual = Kind::answered;
  pass(milliseconds(20));
  EXPECT_EQ(supervisor().status().state, State::serving);
}

TEST_F(SupervisorTest, AnswersOfAnotherServerAreNoHang) {
  start_serving();
  prober_.usual = Kind::by_another;
  pass(seconds(20));
  EXPECT_EQ(supervisor().status().state, State::serving);
}

TEST_F(SupervisorTest, AServerWhoseEveryProbeMeetsAnotherOneIsNotServing) {
  prober_.usual = Kind::by_another;
  supervisor().start();
  pass(seconds(31));
  EXPECT_EQ(supervisor().status().state, State::hung) << "it has never answered itself";
}

}  // namespace
}  // namespace nld::agent
