// Tasks: values, exceptions, depth, ends.
#include "runtime/task.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/completion.hpp"
#include "runtime/manual_clock.hpp"

namespace nld::runtime {
namespace {

using namespace std::chrono_literals;

Task<std::string> twice(std::string text) {
  co_return text + text;
}

Task<int> failing() {
  throw std::runtime_error("no");
  co_return 1;
}

Task<std::size_t> depth_of(std::size_t levels) {
  if (levels == 0) co_return 0;
  co_return 1 + co_await depth_of(levels - 1);
}

TEST(Tasks, BringValuesUp) {
  std::string got;
  start([](std::string& out) -> Task<> { out = co_await twice("ab"); }(got));
  EXPECT_EQ(got, "abab");
}

TEST(Tasks, BringExceptionsUpToWhoCatchesThem) {
  std::string got;
  start([](std::string& out) -> Task<> {
    try {
      co_await failing();
    } catch (const std::exception& failure) {
      out = failure.what();
    }
  }(got));
  EXPECT_EQ(got, "no");
  start([]() -> Task<> { co_await failing(); }());  // lost, and nothing else happens
}

TEST(Tasks, StartOnlyWhenAwaited) {
  bool ran = false;
  {
    const auto idle = [](bool& flag) -> Task<> {
      flag = true;
      co_return;
    }(ran);
  }
  EXPECT_FALSE(ran);
}

TEST(Tasks, WithNothingToDoNeverSuspend) {
  bool done = false;
  start([](bool& flag) -> Task<> {
    co_await Task<>();
    flag = true;
  }(done));
  EXPECT_TRUE(done);
  start({});
}

TEST(Tasks, GoDeep) {
  std::size_t depth = 0;
  start([](std::size_t& out) -> Task<> { out = co_await depth_of(1000); }(depth));
  EXPECT_EQ(depth, 1000U);
}

TEST(Tasks, FreeWhatTheyHoldWhenTheyEnd) {
  ManualClock clock;
  const auto held = std::make_shared<int>(1);
  Completion<int> done;
  int got = 0;
  start([](std::shared_ptr<int> /*holds*/, Completion<int>& wait_for, ManualClock& its_clock,
           int& out) -> Task<> { out = *co_await wait_for.wait(its_clock, std::nullopt); }(held, done, clock,
                                                                                           got));
  EXPECT_EQ(held.use_count(), 2);
  done.deliver(7);
  EXPECT_EQ(got, 7);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Tasks, SeeWhatWasDeliveredBeforeTheyWait) {
  ManualClock clock;
  Completion<int> done;
  done.deliver(3);
  int got = 0;
  start([](Completion<int>& wait_for, ManualClock& its_clock, int& out) -> Task<> {
    out = *co_await wait_for.wait(its_clock, its_clock.now() + 1s);
  }(done, clock, got));
  EXPECT_EQ(got, 3);
  EXPECT_FALSE(clock.next_due());
}

}  // namespace
}  // namespace nld::runtime
