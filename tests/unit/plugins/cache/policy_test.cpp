// What is stored for how long, which stale answer is served, when prefetch begins.
#include "plugins/cache/policy.hpp"

#include <gtest/gtest.h>

namespace nld::plugins {
namespace {

using namespace std::chrono_literals;
using cache::Answer;
using cache::Part;

const runtime::TimePoint kStart{std::chrono::hours(1)};

cache::AnswerPtr answer(Part part, std::uint32_t ttl, runtime::TimePoint stored = kStart) {
  return Answer::make({.part = part, .ttl = ttl, .stored_at = stored}, {}, {});
}

TEST(StorageTtl, StaysBetweenMinttlAndTtl) {
  CacheConfig config;
  config.success = {.max_ttl = 100, .min_ttl = 10};
  config.denial = {.max_ttl = 50, .min_ttl = 0};
  EXPECT_EQ(storage_ttl(config, {.part = Part::success, .ttl = 5}), 10U);
  EXPECT_EQ(storage_ttl(config, {.part = Part::success, .ttl = 60}), 60U);
  EXPECT_EQ(storage_ttl(config, {.part = Part::success, .ttl = 500}), 100U);
  EXPECT_EQ(storage_ttl(config, {.part = Part::denial, .ttl = 500}), 50U);
  EXPECT_EQ(storage_ttl(config, {.part = Part::denial, .ttl = 0}), std::nullopt) << "TTL 0 is not stored";
  config.success = {.max_ttl = 3, .min_ttl = 5};
  EXPECT_EQ(storage_ttl(config, {.part = Part::success, .ttl = 60}), 3U) << "TTL wins over MINTTL";
}

TEST(StorageTtl, OfFailuresIsServfails) {
  CacheConfig config;
  EXPECT_EQ(storage_ttl(config, {.part = Part::failure, .rcode = dns::Rcode::SERVFAIL, .ttl = 60}), 5U);
  EXPECT_EQ(storage_ttl(config, {.part = Part::failure, .rcode = dns::Rcode::REFUSED}), std::nullopt);
  config.servfail_ttl = 0ms;
  EXPECT_EQ(storage_ttl(config, {.part = Part::failure, .rcode = dns::Rcode::SERVFAIL}), std::nullopt);
}

TEST(ChooseStale, TheNewestGoodOneWithinTheWindow) {
  CacheConfig config;
  cache::Found found;
  found.parts[0] = answer(Part::success, 10);
  found.parts[1] = answer(Part::denial, 10, kStart + 5s);
  found.parts[2] = answer(Part::failure, 10, kStart + 9s);
  EXPECT_EQ(choose_stale(config, found, kStart + 11s), nullptr) << "serve_stale is off";
  config.stale.up_to = 60s;
  EXPECT_EQ(choose_stale(config, found, kStart + 20s), found[Part::denial]);
  config.stale.prefer_positive = true;
  EXPECT_EQ(choose_stale(config, found, kStart + 20s), found[Part::success]);
  EXPECT_EQ(choose_stale(config, found, kStart + 72s), found[Part::denial]) << "the success's window is over";
  EXPECT_EQ(choose_stale(config, found, kStart + 80s), nullptr);
  EXPECT_EQ(choose_stale(config, {.parts = {nullptr, nullptr, found.parts[2]}}, kStart + 20s), nullptr)
      << "a failure is no data";
}

TEST(Prefetch, PopularAndNearItsEnd) {
  CacheConfig config;
  config.prefetch = {.amount = 3, .gap = 60s, .percentage = 20};
  const auto entry = answer(Part::success, 100);
  EXPECT_FALSE(note_hit_and_check_prefetch(config, *entry, kStart + 85s)) << "first";
  EXPECT_FALSE(note_hit_and_check_prefetch(config, *entry, kStart + 86s)) << "second";
  EXPECT_TRUE(note_hit_and_check_prefetch(config, *entry, kStart + 87s)) << "third";
  const auto early = answer(Part::success, 100);
  for (int hit = 0; hit < 5; ++hit) EXPECT_FALSE(note_hit_and_check_prefetch(config, *early, kStart + 79s));
  EXPECT_TRUE(note_hit_and_check_prefetch(config, *early, kStart + 80s));
  const auto rare = answer(Part::success, 1000);
  for (int hit = 0; hit < 5; ++hit) {
    EXPECT_FALSE(note_hit_and_check_prefetch(config, *rare, kStart + 900s + hit * 61s)) << "gaps too long";
  }
  const auto brief = answer(Part::success, 3);
  for (int hit = 0; hit < 2; ++hit) EXPECT_FALSE(note_hit_and_check_prefetch(config, *brief, kStart));
  EXPECT_TRUE(note_hit_and_check_prefetch(config, *brief, kStart + 2s)) << "in its last second";
}

TEST(Disable, NamesUnderTheZoneAreNotStoredInThatPart) {
  CacheConfig config;
  config.denial.disabled = {*dns::Name::from_text("example.org.")};
  const dns::Name below = *dns::Name::from_text("a.example.org.");
  EXPECT_FALSE(storing_allowed(config, Part::denial, below.wire()));
  EXPECT_FALSE(storing_allowed(config, Part::failure, below.wire()));
  EXPECT_TRUE(storing_allowed(config, Part::success, below.wire()));
  EXPECT_TRUE(storing_allowed(config, Part::denial, dns::Name::from_text("example.com.")->wire()));
}

}  // namespace
}  // namespace nld::plugins
