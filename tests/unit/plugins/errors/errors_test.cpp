// The errors plugin: lines as CoreDNS writes them, and their consolidation.
#include "plugins/errors/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <chrono>
#include <optional>

#include "runtime/captured_log.hpp"
#include "runtime/manual_clock.hpp"
#include "unit/plugins/observed_query.hpp"

namespace nld::plugins {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class Errors : public testing::Test {
 protected:
  static ErrorsConfig::Consolidate rule(const char* expression, milliseconds period,
                                        ErrorsConfig::Level level = ErrorsConfig::Level::error,
                                        bool show_first = false) {
    return {.period = period,
            .expression = expression,
            .regex = std::make_shared<const re2::RE2>(expression),
            .level = level,
            .show_first = show_first};
  }
  void configure(std::vector<ErrorsConfig::Consolidate> rules) {
    counts_ = std::make_shared<ErrorCounts>(ErrorsConfig{std::move(rules)});
    plugin_.emplace(counts_, clock_, log_);
  }
  void fail(std::string_view error) { fail(*plugin_, error); }
  static void fail(ErrorsPlugin& plugin, std::string_view error) {
    ObservedQuery query({.name = "Example.ORG."});
    query.fail_with(dns::Rcode::SERVFAIL, error);
    plugin.observe(query.request, query.reply, query.outcome);
  }

  runtime::ManualClock clock_;
  runtime::CapturedLog log_;
  std::shared_ptr<ErrorCounts> counts_;
  std::optional<ErrorsPlugin> plugin_;
};

TEST_F(Errors, AreLoggedInTheFormOfCoreDns) {
  configure({});
  fail("read udp 10.0.0.1:53: i/o timeout");
  EXPECT_THAT(log_.lines(),
              ElementsAre("[ERROR] plugin/errors: 2 example.org. A: read udp 10.0.0.1:53: i/o timeout"));
}

TEST_F(Errors, SayNothingOfARepliesWithoutOne) {
  configure({});
  fail("");
  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(Errors, ShowTypesWithoutAName) {
  configure({});
  ObservedQuery query({.type = dns::RRType{65280}});
  query.fail_with(dns::Rcode::REFUSED, "no");
  plugin_->observe(query.request, query.reply, query.outcome);
  EXPECT_THAT(log_.lines(), ElementsAre("[ERROR] plugin/errors: 5 example.org. TYPE65280: no"));
}

TEST_F(Errors, AreConsolidatedFromTheFirstOnForThePeriod) {
  configure({rule("i/o timeout$", seconds(30), ErrorsConfig::Level::warning)});
  fail("read udp: i/o timeout");
  clock_.advance(seconds(20));
  fail("read tcp: i/o timeout");
  clock_.advance(milliseconds(9'999));
  EXPECT_THAT(log_.lines(), IsEmpty());
  clock_.advance(milliseconds(1));
  EXPECT_THAT(log_.lines(),
              ElementsAre("[WARNING] plugin/errors: 2 errors like 'i/o timeout$' occurred in last 30s"));
  clock_.advance(seconds(100));
  EXPECT_EQ(log_.lines().size(), 1U) << "nothing came since";
  fail("read udp: i/o timeout");
  clock_.advance(seconds(30));
  EXPECT_EQ(log_.lines().back(),
            "[WARNING] plugin/errors: 1 errors like 'i/o timeout$' occurred in last 30s");
}

TEST_F(Errors, CountForTheFirstRuleThatMatches) {
  configure({rule("^read", seconds(10)), rule("timeout", seconds(5))});
  fail("read: timeout");
  fail("dial: timeout");
  fail("connection refused");
  clock_.advance(seconds(10));
  EXPECT_THAT(log_.lines(), ElementsAre("[ERROR] plugin/errors: 2 example.org. A: connection refused",
                                        "[ERROR] plugin/errors: 1 errors like 'timeout' occurred in last 5s",
                                        "[ERROR] plugin/errors: 1 errors like '^read' occurred in last 10s"));
}

TEST_F(Errors, ShowTheFirstOfAPeriodAtTheLevelOfTheRule) {
  configure({rule("timeout", seconds(10), ErrorsConfig::Level::info, true)});
  fail("timeout");
  EXPECT_THAT(log_.lines(), ElementsAre("[INFO] plugin/errors: 2 example.org. A: timeout"));
  clock_.advance(seconds(10));
  EXPECT_EQ(log_.lines().size(), 1U) << "the only one has been shown";
  fail("timeout");
  fail("timeout");
  clock_.advance(seconds(10));
  EXPECT_EQ(log_.lines().size(), 3U);
  EXPECT_EQ(log_.lines().back(), "[INFO] plugin/errors: 2 errors like 'timeout' occurred in last 10s");
}

TEST_F(Errors, ArePrintedWhenThePluginGoes) {
  configure({rule("timeout", seconds(10))});
  fail("timeout");
  fail("timeout");
  plugin_.reset();
  EXPECT_THAT(log_.lines(),
              ElementsAre("[ERROR] plugin/errors: 2 errors like 'timeout' occurred in last 10s"));
  clock_.advance(seconds(20));
  EXPECT_EQ(log_.lines().size(), 1U);
}

TEST_F(Errors, AreBoundedUnderAFlood) {
  configure({rule("timeout", seconds(10))});
  ErrorsPlugin other(counts_, clock_, log_);
  for (int number = 0; number < 20'000; ++number) {
    fail("refused");
    fail(other, "refused");
  }
  EXPECT_EQ(log_.lines().size(), ErrorCounts::kMostLines);
  clock_.advance(seconds(1));
  ASSERT_EQ(log_.lines().size(), ErrorCounts::kMostLines + 1);
  EXPECT_EQ(log_.lines().back(),
            "[ERROR] plugin/errors: 39900 more errors within 1s, 100 are logged a second; 'consolidate' "
            "counts them "
            "by their text");
  clock_.advance(seconds(10));
  log_.clear();
  fail("refused");
  EXPECT_THAT(log_.lines(), ElementsAre("[ERROR] plugin/errors: 2 example.org. A: refused"));
}

TEST_F(Errors, FewerThanAFloodAreAllThere) {
  configure({});
  for (int second = 0; second < 5; ++second) {
    for (std::uint32_t number = 0; number < ErrorCounts::kMostLines; ++number) fail("refused");
    clock_.advance(seconds(1));
  }
  EXPECT_EQ(log_.lines().size(), 5 * ErrorCounts::kMostLines);
}

TEST_F(Errors, OfAFloodAreToldWhenThePluginGoes) {
  configure({});
  for (int number = 0; number < 150; ++number) fail("refused");
  plugin_.reset();
  EXPECT_THAT(log_.lines().back(), testing::HasSubstr("50 more errors within 1s"));
}

TEST_F(Errors, OfAllWorkersMakeOneLine) {
  configure({rule("timeout", seconds(10))});
  ErrorsPlugin other(counts_, clock_, log_);
  fail("timeout");
  fail(other, "timeout");
  fail(other, "timeout");
  clock_.advance(seconds(10));
  EXPECT_THAT(log_.lines(),
              ElementsAre("[ERROR] plugin/errors: 3 errors like 'timeout' occurred in last 10s"));
}

}  // namespace
}  // namespace nld::plugins
