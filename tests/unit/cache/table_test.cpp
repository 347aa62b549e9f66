// The table: parts, lookups, capacities, the budget.
#include "cache/table.hpp"

#include <gtest/gtest.h>

#include <random>

#include "samples.hpp"

namespace nld::cache {
namespace {

using namespace std::chrono_literals;
using test::entry_with;
using test::key_for;
using test::key_number;
using test::kStart;
using test::text_of;

class TableTest : public ::testing::Test {
 protected:
  Budget budget_{64 << 20};
  Table table_{{}, budget_};
  Key key_ = key_for("www.example");
};

TEST_F(TableTest, FindsWhatWasStoredAndNothingElse) {
  table_.store(entry_with(key_, "one"));
  EXPECT_EQ(text_of(table_.find_fresh(key_for("WWW.Example"), kStart)), "one");
  EXPECT_EQ(text_of(table_.find_fresh(key_for("www.example", dns::RRType::AAAA), kStart)), "(none)");
  EXPECT_EQ(text_of(table_.find_fresh(key_for("ww.example"), kStart)), "(none)");
}

TEST_F(TableTest, PartsOfOneKeyAreIndependent) {
  table_.store(entry_with(key_, "good", Part::success));
  table_.store(entry_with(key_, "no", Part::denial));
  table_.store(entry_with(key_, "broken", Part::failure));
  auto found = table_.find(key_);
  EXPECT_EQ(text_of(found[Part::success]), "good");
  EXPECT_EQ(text_of(found[Part::denial]), "no");
  EXPECT_EQ(text_of(found[Part::failure]), "broken");
  EXPECT_EQ(table_.entries(Part::success), 1U);
  EXPECT_EQ(table_.entries(Part::denial), 2U);
  EXPECT_EQ(table_.entries(Part::failure), 2U);

  table_.erase(key_, {Part::denial});
  found = table_.find(key_);
  EXPECT_EQ(text_of(found[Part::success]), "good");
  EXPECT_EQ(text_of(found[Part::denial]), "(none)");
  EXPECT_EQ(text_of(found[Part::failure]), "broken");
  EXPECT_EQ(table_.entries(Part::denial), 1U);

  table_.erase(key_, {Part::success, Part::denial, Part::failure});
  EXPECT_EQ(table_.entries(Part::success), 0U);
  EXPECT_EQ(table_.entries(Part::denial), 0U);
  EXPECT_EQ(table_.memory(), 0U);
}

TEST_F(TableTest, FindFreshPrefersDenialThenSuccessThenFailureAmongTheFresh) {
  table_.store(entry_with(key_, "broken", Part::failure, 40));
  EXPECT_EQ(text_of(table_.find_fresh(key_, kStart)), "broken");
  table_.store(entry_with(key_, "good", Part::success, 20));
  EXPECT_EQ(text_of(table_.find_fresh(key_, kStart)), "good");
  table_.store(entry_with(key_, "no", Part::denial, 10));
  EXPECT_EQ(text_of(table_.find_fresh(key_, kStart)), "no");
  EXPECT_EQ(text_of(table_.find_fresh(key_, kStart + 10s)), "good");
  EXPECT_EQ(text_of(table_.find_fresh(key_, kStart + 20s)), "broken");
  EXPECT_EQ(text_of(table_.find_fresh(key_, kStart + 40s)), "(none)");
}

TEST_F(TableTest, AFailureNeverHidesGoodData) {
  table_.store(entry_with(key_, "good", Part::success, 10));
  table_.store(entry_with(key_, "broken", Part::failure, 5, kStart + 1s));
  EXPECT_EQ(text_of(table_.find_fresh(key_, kStart + 2s)), "good");
  // Expired, the good data is still there to be served stale beside the failure.
  table_.store(entry_with(key_, "broken", Part::failure, 5, kStart + 11s));
  EXPECT_EQ(text_of(table_.find_fresh(key_, kStart + 12s)), "broken");
  EXPECT_EQ(text_of(table_.find(key_)[Part::success]), "good");
}

TEST_F(TableTest, ReplacingKeepsOneEntryAndAccountsForTheNewAnswer) {
  table_.store(entry_with(key_, "short"));
  const auto before = budget_.used();
  const auto held = table_.find_fresh(key_, kStart);
  table_.store(entry_with(key_, std::string(1000, 'x')));
  EXPECT_EQ(table_.entries(Part::success), 1U);
  EXPECT_EQ(budget_.used() - before, table_.find_fresh(key_, kStart)->memory() - held->memory());
  EXPECT_EQ(text_of(held), "short") << "an answer in use outlives its place in the cache";
  EXPECT_EQ(table_.evicted().success, 0U);
}

TEST_F(TableTest, GivesTheWholeBudgetBack) {
  for (std::size_t number = 0; number < 1000; ++number) {
    table_.store(entry_with(key_number(number), "a"));
    table_.store(entry_with(key_number(number), "b", Part::denial));
  }
  EXPECT_EQ(budget_.used(), table_.memory());
  for (std::size_t number = 0; number < 500; ++number) {
    table_.erase(key_number(number), {Part::success});
    table_.erase(key_number(number), {Part::denial});
    table_.erase(key_number(number), {Part::failure});  // never was there
  }
  EXPECT_EQ(table_.entries(Part::success), 500U);
  table_.clear();
  EXPECT_EQ(budget_.used(), 0U);
  EXPECT_EQ(table_.entries(Part::success) + table_.entries(Part::denial), 0U);
  {
    Table other({}, budget_);
    other.store(entry_with(key_, "a"));
    EXPECT_GT(budget_.used(), 0U);
  }
  EXPECT_EQ(budget_.used(), 0U) << "a table that ends gives back what it held";
}

class CapacityTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(CapacityTest, HoldsExactly) {
  const std::size_t capacity = GetParam();
  for (const Part part : {Part::success, Part::denial}) {
    Budget budget(1 << 30);
    // The other part's capacity decides the number of shards too: fewer entries than shards must work.
    for (const std::size_t other : {capacity, std::size_t{9984}}) {
      Table table({.success = part == Part::success ? capacity : other,
                   .denial = part == Part::success ? other : capacity},
                  budget);
      const std::size_t keys = 2 * capacity + 50;
      std::size_t evicted = 0;
      for (std::size_t number = 0; number < keys; ++number) {
        const auto out = table.store(entry_with(key_number(number), "x", part));
        evicted += part == Part::success ? out.success : out.denial;
        ASSERT_EQ(table.entries(part), std::min(number + 1, capacity));
        ASSERT_EQ(table.find(key_number(number))[part] != nullptr, capacity > 0) << "the new entry is in";
      }
      std::size_t found = 0;
      for (std::size_t number = 0; number < keys; ++number)
        found += table.find(key_number(number))[part] != nullptr ? 1U : 0U;
      EXPECT_EQ(found, capacity);
      EXPECT_EQ(evicted, capacity > 0 ? keys - capacity : 0);
      EXPECT_EQ(table.evicted().success + table.evicted().denial, evicted);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Sizes, CapacityTest,
                         ::testing::Values(0, 1, 2, 3, 10, 63, 64, 65, 100, 127, 128, 1000, 4095, 9984));

TEST_F(TableTest, FailureCountsAgainstTheDenialCapacityEvenUnderOneKey) {
  Table table({.success = 10, .denial = 1}, budget_);
  table.store(entry_with(key_, "no", Part::denial));
  table.store(entry_with(key_, "broken", Part::failure));
  EXPECT_EQ(table.entries(Part::denial), 1U);
  EXPECT_EQ(text_of(table.find(key_)[Part::denial]), "(none)");
  EXPECT_EQ(text_of(table.find(key_)[Part::failure]), "broken");
}

TEST_F(TableTest, LookingAheadPaysInALargeTable) {
  Lookahead().load();  // of nothing
  Lookahead(table_, key_.hash()).load();
  EXPECT_FALSE(table_.outgrows_cpu_cache());
  for (std::size_t number = 0; number < 9000; ++number) table_.store(entry_with(key_number(number), "x"));
  EXPECT_TRUE(table_.outgrows_cpu_cache());
  Lookahead(table_, key_number(7).hash()).load();
  EXPECT_EQ(text_of(table_.find_fresh(key_number(7), kStart)), "x");
  table_.clear();
  EXPECT_FALSE(table_.outgrows_cpu_cache());
}

TEST_F(TableTest, SetCapacityDownEvictsAndUpKeeps) {
  for (std::size_t number = 0; number < 5000; ++number) table_.store(entry_with(key_number(number), "x"));
  table_.set_capacity({.success = 6000, .denial = 5});
  EXPECT_EQ(table_.entries(Part::success), 5000U);
  for (const std::size_t capacity : {4999U, 1000U, 65U, 64U, 63U, 1U, 0U}) {
    table_.set_capacity({.success = capacity, .denial = 5});
    EXPECT_EQ(table_.entries(Part::success), capacity);
    EXPECT_EQ(table_.capacity().success, capacity);
    table_.store(entry_with(key_number(9999), "y"));
    EXPECT_EQ(table_.entries(Part::success), capacity);
  }
  EXPECT_EQ(budget_.used(), 0U);
  table_.set_capacity({.success = 20, .denial = 5});
  table_.store(entry_with(key_, "again"));
  EXPECT_EQ(text_of(table_.find_fresh(key_, kStart)), "again");
}

TEST_F(TableTest, ShrinkFreesAtLeastWhatIsAsked) {
  for (std::size_t number = 0; number < 2000; ++number) table_.store(entry_with(key_number(number), "x"));
  const auto before = budget_.used();
  table_.shrink(50'000);
  EXPECT_LE(budget_.used(), before - 50'000);
  EXPECT_GE(budget_.used(), before - 51'000) << "and hardly more";
  table_.shrink(before);
  EXPECT_EQ(budget_.used(), 0U);
}

TEST(TableBudget, IsMetAfterEveryStoreOfRandomSizes) {
  Budget budget(200'000);
  Table table({}, budget);
  std::mt19937 random(7);
  std::size_t refused = 0;
  for (std::size_t step = 0; step < 20'000; ++step) {
    const std::size_t size = random() % 100 == 0 ? random() % 60'000 : random() % 600;
    const Key key = key_number(random() % 3000);
    const auto part = static_cast<Part>(random() % kPartCount);
    const auto answer = entry_with(key, std::string(size, 'x'), part);
    table.store(answer);
    ASSERT_LE(budget.used(), budget.limit());
    ASSERT_EQ(budget.used(), table.memory());
    const bool stored = table.find(key)[part] == answer;
    if (answer->memory() > budget.limit() / 8) {
      ASSERT_FALSE(stored);
      ++refused;
    } else if (answer->memory() < budget.limit() / 8 - 500) {
      ASSERT_TRUE(stored) << "the new entry is never the one to make room";
    }
    if (random() % 50 == 0) table.erase(key, {part});
  }
  EXPECT_GT(refused, 0U);
  EXPECT_GT(budget.used(), budget.limit() / 2);
  table.clear();
  EXPECT_EQ(budget.used(), 0U);
}

TEST(TableBudget, AnAnswerThatIsTooLargeLeavesTheOldOne) {
  Budget budget(80'000);
  Table table({}, budget);
  table.store(entry_with(key_number(1), "small"));
  table.store(entry_with(key_number(1), std::string(20'000, 'x')));
  EXPECT_EQ(text_of(table.find_fresh(key_number(1), kStart)), "small");
}

TEST(TableBudget, EvictsFromOtherShardsWhenItsOwnHasNothing) {
  Budget budget(4000);  // a few entries for 64 shards
  Table table({}, budget);
  for (std::size_t number = 0; number < 500; ++number) {
    table.store(entry_with(key_number(number), "x"));
    ASSERT_LE(budget.used(), budget.limit());
  }
  EXPECT_GE(table.entries(Part::success), 5U);
}

TEST(TableBudget, ALateTableGetsItsShareFromAFullOne) {
  Budget budget(400'000);
  Table early({}, budget);
  Table late({}, budget);
  for (std::size_t number = 0; number < 3000; ++number) early.store(entry_with(key_number(number), "x"));
  EXPECT_GT(early.memory(), budget.limit() - 1000);
  for (std::size_t number = 0; number < 3000; ++number) {
    late.store(entry_with(key_number(number), "x"));
    ASSERT_LE(budget.used(), budget.limit());
  }
  EXPECT_GT(late.memory(), budget.limit() * 2 / 5);
  EXPECT_GT(early.memory(), budget.limit() * 2 / 5) << "nor does the late one take all";
  EXPECT_GT(early.evicted().success, 0U);
}

}  // namespace
}  // namespace nld::cache
