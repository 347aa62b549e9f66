// The `cache` directive: every option accepted and refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CacheConfig cache(std::string_view lines) {
  return accepted(lines).cache.value_or(CacheConfig{});
}

TEST(CacheDirective, DefaultsAreCoreDnsDefaults) {
  const CacheConfig config = cache("cache");
  EXPECT_THAT(texts(config.zones), ElementsAre("."));
  EXPECT_EQ(config.success.capacity, 9984U);
  EXPECT_EQ(config.success.max_ttl, 3600U);
  EXPECT_EQ(config.success.min_ttl, 5U);
  EXPECT_EQ(config.denial.capacity, 9984U);
  EXPECT_EQ(config.denial.max_ttl, 1800U);
  EXPECT_EQ(config.denial.min_ttl, 5U);
  EXPECT_EQ(config.prefetch.amount, 0U);
  EXPECT_EQ(config.stale.up_to, 0ms);
  EXPECT_EQ(config.servfail_ttl, 5s);
  EXPECT_FALSE(config.keep_ttl);
}

TEST(CacheDirective, AbsentMeansNoCache) {
  EXPECT_FALSE(accepted("errors").cache.has_value());
}

TEST(CacheDirective, TtlCapsBothParts) {
  const CacheConfig config = cache("cache 30");
  EXPECT_EQ(config.success.max_ttl, 30U);
  EXPECT_EQ(config.denial.max_ttl, 30U);
}

TEST(CacheDirective, ZonesFollowTheTtlOrStandAlone) {
  EXPECT_THAT(texts(cache("cache 30 Example.ORG 10.0.0.0/8").zones),
              ElementsAre("example.org.", "10.in-addr.arpa."));
  const CacheConfig config = cache("cache example.org");
  EXPECT_THAT(texts(config.zones), ElementsAre("example.org."));
  EXPECT_EQ(config.success.max_ttl, 3600U);
}

TEST(CacheDirective, ZonesDefaultToTheBlocks) {
  const auto config = load("a.test b.test:1053 {\ncache\nwhoami\n}\n");
  ASSERT_TRUE(config) << config.error();
  ASSERT_TRUE(config->blocks[0].cache);
  EXPECT_THAT(texts(config->blocks[0].cache->zones), ElementsAre("a.test.", "b.test."));
}

TEST(CacheDirective, SuccessAndDenialTakeCapacityTtlAndMinTtl) {
  const CacheConfig config = cache("cache 100 {\nsuccess 5000 30 7\ndenial 2500 5\n}");
  EXPECT_EQ(config.success.capacity, 5000U);
  EXPECT_EQ(config.success.max_ttl, 30U);
  EXPECT_EQ(config.success.min_ttl, 7U);
  EXPECT_EQ(config.denial.capacity, 2500U);
  EXPECT_EQ(config.denial.max_ttl, 5U);
  EXPECT_EQ(config.denial.min_ttl, 5U);
}

TEST(CacheDirective, CapacityAloneKeepsTheTtl) {
  EXPECT_EQ(cache("cache 61 {\nsuccess 39936\n}").success.max_ttl, 61U);
}

TEST(CacheDirective, CapacityZeroStoresNothing) {
  const CacheConfig config = cache("cache 30 {\ndenial 0  1 \n}");
  EXPECT_EQ(config.denial.capacity, 0U);
  EXPECT_EQ(config.denial.max_ttl, 1U);
}

TEST(CacheDirective, MinTtlMayBeZero) {
  EXPECT_EQ(cache("cache {\nsuccess 10 20 0\n}").success.min_ttl, 0U);
}

TEST(CacheDirective, Prefetch) {
  EXPECT_EQ(cache("cache {\nprefetch 10\n}").prefetch.amount, 10U);
  EXPECT_EQ(cache("cache {\nprefetch 10\n}").prefetch.gap, 1min);
  EXPECT_EQ(cache("cache {\nprefetch 10\n}").prefetch.percentage, 10U);
  const CacheConfig config = cache("cache {\nprefetch 1  10m   20% \n}");
  EXPECT_EQ(config.prefetch.amount, 1U);
  EXPECT_EQ(config.prefetch.gap, 10min);
  EXPECT_EQ(config.prefetch.percentage, 20U);
  EXPECT_EQ(cache("cache {\nprefetch 1 1m 90%\n}").prefetch.percentage, 90U);
}

TEST(CacheDirective, ServeStaleBare) {
  const CacheConfig::Stale stale = cache("cache {\nserve_stale\n}").stale;
  EXPECT_EQ(stale.up_to, 1h);
  EXPECT_FALSE(stale.verify);
  EXPECT_EQ(stale.response_ttl, 0ms);
  EXPECT_EQ(stale.failure_recheck, 0ms);
  EXPECT_FALSE(stale.prefer_positive);
}

TEST(CacheDirective, ServeStaleImmediateTakesTwoMore) {
  const CacheConfig::Stale stale = cache("cache {\nserve_stale 10m Immediate 30s 5s\n}").stale;
  EXPECT_EQ(stale.up_to, 10min);
  EXPECT_FALSE(stale.verify);
  EXPECT_EQ(stale.response_ttl, 30s);
  EXPECT_EQ(stale.failure_recheck, 5s);
}

TEST(CacheDirective, ServeStaleVerifyTakesThreeMore) {
  const CacheConfig::Stale bare = cache("cache {\nserve_stale 1h verify\n}").stale;
  EXPECT_TRUE(bare.verify);
  EXPECT_EQ(bare.verify_timeout, 0ms);
  const CacheConfig::Stale stale = cache("cache {\nserve_stale 1h verify 1.8s 30s 5m\n}").stale;
  EXPECT_EQ(stale.verify_timeout, 1800ms);
  EXPECT_EQ(stale.response_ttl, 30s);
  EXPECT_EQ(stale.failure_recheck, 5min);
}

TEST(CacheDirective, ServeStalePolicyInEitherOrder) {
  EXPECT_TRUE(cache("cache {\nserve_stale\nserve_stale_policy prefer_positive\n}").stale.prefer_positive);
  EXPECT_TRUE(cache("cache {\nserve_stale_policy prefer_positive\nserve_stale\n}").stale.prefer_positive);
}

TEST(CacheDirective, ServeStaleOfNothingWarns) {
  EXPECT_THAT(warnings_of("cache {\nserve_stale 0s\n}"),
              ElementsAre("Corefile:3: cache: serve_stale: a DURATION of 0 serves nothing stale"));
}

TEST(CacheDirective, Servfail) {
  EXPECT_EQ(cache("cache {\nservfail 0\n}").servfail_ttl, 0ms);
  EXPECT_EQ(cache("cache {\nservfail 5m\n}").servfail_ttl, 5min);
}

TEST(CacheDirective, Disable) {
  const CacheConfig config = cache("cache {\ndisable denial\ndisable success a.test B.test\n}");
  EXPECT_THAT(texts(config.denial.disabled), ElementsAre("."));
  EXPECT_THAT(texts(config.success.disabled), ElementsAre("a.test.", "b.test."));
  EXPECT_THAT(cache("cache").success.disabled, IsEmpty());
}

TEST(CacheDirective, KeepTtl) {
  EXPECT_TRUE(cache("cache {\nkeepttl\n}").keep_ttl);
}

TEST(CacheDirective, EmptyBlock) {
  EXPECT_EQ(cache("cache 30 {\n}").success.max_ttl, 30U);
}

TEST(CacheDirective, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"cache 0", "Corefile:2: cache: TTL '0' is wrong, expected a number from 1 to 2147483647"},
      {"cache -1", "Corefile:2: cache: TTL '-1' is wrong, expected a number from 1 to 2147483647"},
      {"cache 99999999999", "Corefile:2: cache: TTL '99999999999' is wrong, expected a number from 1"},
      {"cache a..b", "Corefile:2: cache: ZONES: "},
      {"cache\ncache 30", "Corefile:3: cache: already given on line 2, expected once in a server block"},
      {"cache {\nsuccess\n}", "Corefile:3: cache: success: CAPACITY is missing"},
      {"cache {\nsuccess many\n}", "cache: success: CAPACITY 'many' is wrong, expected a number from 0"},
      {"cache {\nsuccess -1\n}", "cache: success: CAPACITY '-1' is wrong"},
      {"cache {\nsuccess 10 0\n}", "cache: success: TTL '0' is wrong, expected a number from 1"},
      {"cache {\nsuccess 10 20 -1\n}", "cache: success: MINTTL '-1' is wrong, expected a number from 0"},
      {"cache {\nsuccess 10 20 5 7\n}", "cache: success: unexpected argument '7'"},
      {"cache {\nsuccess 10 {\n}\n}", "cache: success: takes no block"},
      {"cache {\ndenial\n}", "cache: denial: CAPACITY is missing"},
      {"cache {\ndenial 10 0\n}", "cache: denial: TTL '0' is wrong"},
      {"cache {\nprefetch\n}", "cache: prefetch: AMOUNT is missing"},
      {"cache {\nprefetch -1\n}", "cache: prefetch: AMOUNT '-1' is wrong"},
      {"cache {\nprefetch 1 10\n}", "cache: prefetch: DURATION: invalid duration '10'"},
      {"cache {\nprefetch 1 -1m\n}",
       "cache: prefetch: DURATION '-1m' is wrong, expected a duration of 0s or more"},
      {"cache {\nprefetch 1 1m 20\n}",
       "cache: prefetch: PERCENTAGE '20' is wrong, expected a whole number from 10%"},
      {"cache {\nprefetch 1 1m 9%\n}", "cache: prefetch: PERCENTAGE '9%' is wrong"},
      {"cache {\nprefetch 1 1m 91%\n}", "cache: prefetch: PERCENTAGE '91%' is wrong"},
      {"cache {\nprefetch 1 1m 20.5%\n}", "cache: prefetch: PERCENTAGE '20.5%' is wrong"},
      {"cache {\nprefetch 1 1m 20% 5\n}", "cache: prefetch: unexpected argument '5'"},
      {"cache {\nserve_stale -1s\n}", "cache: serve_stale: DURATION '-1s' is wrong"},
      {"cache {\nserve_stale soon\n}", "cache: serve_stale: DURATION: invalid duration 'soon'"},
      {"cache {\nserve_stale 1h later\n}", "REFRESH_MODE 'later' is wrong, expected immediate or verify"},
      {"cache {\nserve_stale 1h immediate 1s 6m\n}",
       "FAILURE_RECHECK '6m' is wrong, expected a duration from 0s to 5m"},
      {"cache {\nserve_stale 1h immediate 1s 5m 1s\n}", "cache: serve_stale: unexpected argument '1s'"},
      {"cache {\nserve_stale 1h verify -1s\n}", "VERIFY_TIMEOUT '-1s' is wrong"},
      {"cache {\nserve_stale 1h verify 1s x\n}", "RESPONSE_TTL: invalid duration 'x'"},
      {"cache {\nserve_stale\nserve_stale_policy best\n}",
       "POLICY 'best' is wrong, expected one of prefer_positive"},
      {"cache {\nserve_stale\nserve_stale_policy\n}", "cache: serve_stale_policy: POLICY is missing"},
      {"cache {\nserve_stale_policy prefer_positive\n}",
       "Corefile:2: cache: serve_stale_policy stands without serve_stale"},
      {"cache {\nservfail\n}", "cache: servfail: DURATION is missing"},
      {"cache {\nservfail -1s\n}",
       "cache: servfail: DURATION '-1s' is wrong, expected a duration from 0s to 5m"},
      {"cache {\nservfail 5m1ns\n}", "cache: servfail: DURATION '5m1ns' is wrong"},
      {"cache {\ndisable\n}", "cache: disable: TYPE is missing"},
      {"cache {\ndisable all\n}", "cache: disable: TYPE 'all' is wrong, expected one of success, denial"},
      {"cache {\ndisable denial a..b\n}", "cache: disable: ZONES: "},
      {"cache {\nkeepttl yes\n}", "cache: keepttl: unexpected argument 'yes'"},
      {"cache {\nsucces 10\n}",
       "Corefile:3: cache: unknown option 'succes', did you mean 'success', expected one of"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
}

}  // namespace
}  // namespace nld::plugins::testing
