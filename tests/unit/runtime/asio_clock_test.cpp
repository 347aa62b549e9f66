// Timers and resumed coroutines on a real loop: order, cancelling, an end of the loop.
#include "runtime/asio_clock.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <memory>
#include <vector>

#include "runtime/completion.hpp"
#include "runtime/task.hpp"

namespace nld::runtime {
namespace {

using namespace std::chrono_literals;

class RealClock : public ::testing::Test {
 protected:
  void note_at(TimePoint when, int number) {
    timers_.push_back(clock_.at(when, [this, number] { fired_.push_back(number); }));
  }

  boost::asio::io_context loop_{1};
  AsioClock clock_{loop_};
  std::vector<int> fired_;
  std::vector<Timer> timers_;
};

TEST_F(RealClock, FiresInTheOrderOfTime) {
  const TimePoint now = clock_.now();
  note_at(now + 3ms, 3);
  note_at(now + 1ms, 1);
  note_at(now + 2ms, 2);
  note_at(now - 1ms, 0);
  loop_.run();
  EXPECT_EQ(fired_, (std::vector{0, 1, 2, 3}));
}

TEST_F(RealClock, ForgetsWhatIsCancelled) {
  const TimePoint now = clock_.now();
  note_at(now + 1ms, 1);
  note_at(now + 2ms, 2);
  timers_[0].cancel();
  loop_.run();
  EXPECT_EQ(fired_, std::vector{2});
}

TEST_F(RealClock, LetsTheLoopEndWhenAllTimersAreCancelled) {
  note_at(clock_.now() + 1h, 1);
  note_at(clock_.now() + 2h, 2);
  timers_.clear();
  loop_.run();  // for ever, if the alarm were left armed
  EXPECT_TRUE(fired_.empty());
}

TEST_F(RealClock, TakesATimerThatEndsItself) {
  Timer timer;
  timer = clock_.after(1ms, [&] {
    timer.cancel();
    fired_.push_back(1);
    note_at(clock_.now() + 1ms, 2);
  });
  loop_.run();
  EXPECT_EQ(fired_, (std::vector{1, 2}));
}

TEST_F(RealClock, OutlivedByATimer) {
  auto other = std::make_unique<AsioClock>(loop_);
  Timer timer = other->after(1ms, [&] { fired_.push_back(1); });
  other.reset();
  loop_.run();
  timer.cancel();
  EXPECT_TRUE(fired_.empty());
}

Task<> wait_for(Completion<int>& completion, Clock& clock, std::vector<int>& got) {
  const auto value = co_await completion.wait(clock, clock.now() + 1h);
  got.push_back(value.value_or(-1));
}

TEST_F(RealClock, ResumesInALaterTurnAndInOrder) {
  Completion<int> first;
  Completion<int> second;
  start(wait_for(first, clock_, fired_));
  start(wait_for(second, clock_, fired_));
  boost::asio::post(loop_, [&] {
    second.deliver(2);
    first.deliver(1);
    first.deliver(3);  // too late
    EXPECT_TRUE(fired_.empty()) << "ran under the feet of who delivered";
  });
  loop_.run();
  EXPECT_EQ(fired_, (std::vector{2, 1}));
}

TEST_F(RealClock, EndsAWaitAtItsDeadline) {
  Completion<int> never;
  start([](Completion<int>& completion, Clock& clock, std::vector<int>& got) -> Task<> {
    const auto value = co_await completion.wait(clock, clock.now() + 1ms);
    got.push_back(value ? *value : -1);
  }(never, clock_, fired_));
  loop_.run();
  never.deliver(5);
  EXPECT_EQ(fired_, std::vector{-1});
}

}  // namespace
}  // namespace nld::runtime
