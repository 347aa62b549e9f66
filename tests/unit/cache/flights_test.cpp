// Flights: one fetch a key, who joins, in what order they land, the bounds.
#include "cache/flights.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "samples.hpp"

namespace nld::cache {
namespace {

using Boarding = Flights::Boarding;
using test::key_for;
using test::key_number;

SharedResult result_with(std::string text) {
  return std::make_shared<const FetchResult>(FetchResult{.answer = {},
                                                         .plugin = "forward",
                                                         .error = std::move(text),
                                                         .extended_error = {},
                                                         .rcode = dns::Rcode::SERVFAIL});
}

class FlightsTest : public ::testing::Test {
 protected:
  /// A passenger that writes its name and what it was given into the log.
  Passenger passenger(std::string name) {
    return [this, name = std::move(name)](const SharedResult& result) {
      log_.push_back(name + ":" + (result ? result->error : "null"));
    };
  }
  std::vector<std::string> log_;
  Flights flights_{3, 4};
};

TEST_F(FlightsTest, TheFirstLeadsTheOthersJoinAllLandInOrder) {
  EXPECT_EQ(flights_.board(key_for("a"), passenger("1")), Boarding::leads);
  EXPECT_EQ(flights_.board(key_for("A"), passenger("2")), Boarding::joined);
  EXPECT_EQ(flights_.board(key_for("a"), passenger("3")), Boarding::joined);
  EXPECT_EQ(flights_.in_flight(), 1U);
  EXPECT_TRUE(log_.empty());
  flights_.land(key_for("a"), result_with("done"));
  EXPECT_EQ(log_, (std::vector<std::string>{"1:done", "2:done", "3:done"}));
  EXPECT_EQ(flights_.in_flight(), 0U);
}

TEST_F(FlightsTest, KeysFlyApart) {
  EXPECT_EQ(flights_.board(key_for("a"), passenger("a")), Boarding::leads);
  EXPECT_EQ(flights_.board(key_for("a", dns::RRType::AAAA), passenger("aaaa")), Boarding::leads);
  flights_.land(key_for("a", dns::RRType::AAAA), result_with("x"));
  EXPECT_EQ(log_, std::vector<std::string>{"aaaa:x"});
  flights_.land(key_for("a"), result_with("y"));
  EXPECT_EQ(log_.back(), "a:y");
}

TEST_F(FlightsTest, AfterLandingTheNextOneLeadsAgain) {
  flights_.board(key_for("a"), passenger("1"));
  flights_.land(key_for("a"), result_with("x"));
  EXPECT_EQ(flights_.board(key_for("a"), passenger("2")), Boarding::leads);
  flights_.land(key_for("a"), result_with("y"));
  EXPECT_EQ(log_, (std::vector<std::string>{"1:x", "2:y"}));
}

TEST_F(FlightsTest, PassengersOfAFlightAreBounded) {
  for (const char* name : {"1", "2", "3", "4"})
    EXPECT_NE(flights_.board(key_for("a"), passenger(name)), Boarding::refused);
  EXPECT_EQ(flights_.board(key_for("a"), passenger("5")), Boarding::refused);
  flights_.land(key_for("a"), result_with("x"));
  EXPECT_EQ(log_, (std::vector<std::string>{"1:x", "2:x", "3:x", "4:x"}))
      << "the refused one is never called";
}

TEST_F(FlightsTest, FlightsAreBounded) {
  for (std::size_t number = 0; number < 3; ++number)
    EXPECT_EQ(flights_.board(key_number(number), passenger("x")), Boarding::leads);
  EXPECT_EQ(flights_.board(key_number(3), passenger("y")), Boarding::refused);
  EXPECT_FALSE(flights_.lead_alone(key_number(3)));
  EXPECT_EQ(flights_.board(key_number(0), passenger("z")), Boarding::joined) << "joining costs no flight";
  EXPECT_EQ(flights_.in_flight(), 3U);
  flights_.land(key_number(1), result_with("x"));
  EXPECT_EQ(flights_.board(key_number(3), passenger("y")), Boarding::leads);
}

TEST_F(FlightsTest, LeadAlone) {
  EXPECT_TRUE(flights_.lead_alone(key_for("a")));
  EXPECT_FALSE(flights_.lead_alone(key_for("a")));
  EXPECT_EQ(flights_.board(key_for("a"), passenger("1")), Boarding::joined);
  flights_.land(key_for("a"), result_with("x"));
  EXPECT_EQ(log_, std::vector<std::string>{"1:x"});
  flights_.board(key_for("a"), passenger("2"));
  EXPECT_FALSE(flights_.lead_alone(key_for("a"))) << "a query fetches it already";
}

TEST_F(FlightsTest, APassengerMayBoardAnewWhileItLands) {
  Boarding again{};
  flights_.board(key_for("a"),
                 [&](const SharedResult&) { again = flights_.board(key_for("a"), passenger("2")); });
  flights_.land(key_for("a"), result_with("x"));
  EXPECT_EQ(again, Boarding::leads);
  EXPECT_TRUE(log_.empty());
  flights_.land(key_for("a"), result_with("y"));
  EXPECT_EQ(log_, std::vector<std::string>{"2:y"});
}

TEST_F(FlightsTest, EndingWithFlightsInTheAirCallsNobody) {
  {
    Flights flights(3, 3);
    flights.board(key_for("a"), passenger("1"));
  }
  EXPECT_TRUE(log_.empty());
}

TEST_F(FlightsTest, LandingWhatNobodyLeads) {
#ifdef NDEBUG
  flights_.land(key_for("a"), result_with("x"));
  EXPECT_EQ(flights_.in_flight(), 0U);
#else
  EXPECT_DEATH(flights_.land(key_for("a"), result_with("x")), "nobody leads");
#endif
}

TEST(FlightsThreads, EveryPassengerIsCalledOnceAndOneFetchIsUnderWayAKey) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kSteps = 10'000;
  constexpr std::size_t kKeys = 8;
  Flights flights(6, 16);
  std::array<std::atomic<int>, kKeys> fetching{};
  std::atomic<std::size_t> boarded{0};
  std::atomic<std::size_t> called{0};
  std::atomic<bool> twice{false};
  {
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        std::mt19937 random(thread);
        for (std::size_t step = 0; step < kSteps; ++step) {
          const std::size_t number = random() % kKeys;
          const Key key = key_number(number);
          bool leads = false;
          if (random() % 4 == 0) {
            leads = flights.lead_alone(key);
          } else {
            const auto boarding = flights.board(
                key, [&called](const SharedResult&) { called.fetch_add(1, std::memory_order_relaxed); });
            if (boarding != Boarding::refused) boarded.fetch_add(1, std::memory_order_relaxed);
            leads = boarding == Boarding::leads;
          }
          if (!leads) continue;
          if (fetching[number].fetch_add(1) != 0) twice = true;
          if (random() % 8 == 0) std::this_thread::yield();
          if (flights.in_flight() > 6) twice = true;
          fetching[number].fetch_sub(1);
          flights.land(key, {});
        }
      });
  }
  EXPECT_FALSE(twice);
  EXPECT_EQ(called, boarded);
  EXPECT_EQ(flights.in_flight(), 0U);
}

}  // namespace
}  // namespace nld::cache
