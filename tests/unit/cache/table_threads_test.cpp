// The table under many threads: bounds hold all the time, nothing is lost or mixed up. Meant for TSan too.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "cache/table.hpp"
#include "samples.hpp"

namespace nld::cache {
namespace {

using test::entry_with;
using test::key_number;
using test::kStart;
using test::text_of;

constexpr std::size_t kThreads = 4;
constexpr std::size_t kSteps = 15'000;
constexpr std::size_t kKeys = 400;

std::string text_for(std::size_t number, std::mt19937& random) {
  return std::to_string(number) + "/" + std::string(random() % 300, 'x');
}

/// Random work on one table; `bounds` is asserted after each store.
template <typename Bounds>
void work(Table& table, unsigned seed, const Bounds& bounds) {
  std::mt19937 random(seed);
  for (std::size_t step = 0; step < kSteps; ++step) {
    const std::size_t number = random() % kKeys;
    const auto part = static_cast<Part>(random() % kPartCount);
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        table.store(entry_with(key_number(number), text_for(number, random), part));
        ASSERT_NO_FATAL_FAILURE(bounds());
        break;
      case 3:
        table.erase(key_number(number), {part});
        break;
      case 4: {
        const auto found = table.find(key_number(number));
        if (found[part]) {
          ASSERT_TRUE(text_of(found[part]).starts_with(std::to_string(number) + "/"));
          ASSERT_EQ(found[part]->facts().part, part);
        }
        break;
      }
      default:
        Lookahead(table, key_number(number).hash()).load();
        if (const auto found = table.find_fresh(key_number(number), kStart)) {
          found->usage().hits.fetch_add(1, std::memory_order_relaxed);
          ASSERT_TRUE(text_of(found).starts_with(std::to_string(number) + "/"));
        }
    }
  }
}

std::size_t count_stored(const Table& table, Part part) {
  std::size_t stored = 0;
  for (std::size_t number = 0; number < kKeys; ++number)
    stored += table.find(key_number(number))[part] ? 1U : 0U;
  return stored;
}

void expect_consistent(const Table& table) {
  EXPECT_EQ(table.entries(Part::success), count_stored(table, Part::success));
  EXPECT_EQ(table.entries(Part::denial),
            count_stored(table, Part::denial) + count_stored(table, Part::failure));
}

TEST(TableThreads, CapacityAndBudgetHoldAllTheTime) {
  // The second has many shards and few places: stores take places over from other shards.
  for (const Capacity capacity :
       {Capacity{.success = 100, .denial = 37}, Capacity{.success = 9984, .denial = 3}}) {
    Budget budget(60'000);
    Table table(capacity, budget);
    const std::size_t entry = test::answer_with(std::string(310, 'x'))->memory() + 300;
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        work(table, thread, [&] {
          ASSERT_LE(table.entries(Part::success), capacity.success);
          ASSERT_LE(table.entries(Part::denial), capacity.denial);
          ASSERT_LE(budget.used(), budget.limit() + kThreads * entry);
        });
      });
    threads.clear();
    EXPECT_LE(budget.used(), budget.limit());
    EXPECT_EQ(budget.used(), table.memory());
    expect_consistent(table);
    table.clear();
    EXPECT_EQ(budget.used(), 0U);
    EXPECT_EQ(table.entries(Part::success) + table.entries(Part::denial), 0U);
  }
}

TEST(TableThreads, ReloadsAndOtherTablesDoNotDisturb) {
  Budget budget(80'000);
  Table first({.success = 9984, .denial = 200}, budget);
  Table second({.success = 50, .denial = 50}, budget);
  std::vector<std::jthread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] { work(thread % 2 == 0 ? first : second, thread, [] {}); });
  std::jthread reloads([&] {
    std::mt19937 random(99);
    for (std::size_t step = 0; step < 300; ++step) {
      first.set_capacity({.success = random() % 300, .denial = random() % 100});
      second.shrink(random() % 5000);
      if (step % 50 == 0) second.clear();
    }
    first.set_capacity({.success = 20, .denial = 10});
  });
  threads.clear();
  reloads.join();
  EXPECT_LE(first.entries(Part::success), 20U);
  EXPECT_LE(first.entries(Part::denial), 10U);
  EXPECT_EQ(budget.used(), first.memory() + second.memory());
  EXPECT_LE(budget.used(), budget.limit());
  expect_consistent(first);
  expect_consistent(second);
}

}  // namespace
}  // namespace nld::cache
