// SIEVE on traces whose outcome was worked out by hand.
#include <gtest/gtest.h>

#include "cache/table.hpp"
#include "samples.hpp"

namespace nld::cache {
namespace {

using namespace std::chrono_literals;
using test::entry_with;
using test::key_for;
using test::kStart;

/// A table small enough to be one shard, driven by single letters.
class SieveTest : public ::testing::Test {
 protected:
  void store(char name, std::uint32_t ttl = 1000, runtime::TimePoint at = kStart, Part part = Part::success) {
    table_.store(entry_with(key_for({&name, 1}), {&name, 1}, part, ttl, at));
  }
  void hit(char name) { ASSERT_TRUE(table_.find_fresh(key_for({&name, 1}), kStart)) << name; }
  /// Which of `names` are stored. Replaces the visited bits, so it ends a trace.
  std::string stored(std::string_view names) {
    std::string all;
    for (const char name : names) {
      const auto found = table_.find(key_for({&name, 1}));
      if (found[Part::success] || found[Part::denial] || found[Part::failure]) all += name;
    }
    return all;
  }

  Budget budget_{1 << 20};
  Table table_{{.success = 4, .denial = 2}, budget_};
};

// Queues are written oldest first, a star marks a visited entry, the hand is where the next search starts.

TEST_F(SieveTest, WithoutHitsItIsFirstInFirstOut) {
  for (const char name : std::string_view("abcdef")) store(name);
  EXPECT_EQ(stored("abcdef"), "cdef");
}

TEST_F(SieveTest, AVisitedEntryGetsASecondChance) {
  for (const char name : std::string_view("abcd")) store(name);
  hit('a');    // a* b c d
  store('e');  // a pardoned, b out: a c d e, hand at c
  EXPECT_EQ(stored("abcde"), "acde");
}

TEST_F(SieveTest, LookingAheadIsNoVisit) {
  for (const char name : std::string_view("abcd")) {
    store(name);
    Lookahead(table_, key_for({&name, 1}).hash()).load();
  }
  Lookahead(table_, key_for("x").hash()).load();  // not there
  store('e');
  EXPECT_EQ(stored("abcde"), "bcde");
}

TEST_F(SieveTest, TheHandStaysWhereItStopped) {
  for (const char name : std::string_view("abcd")) store(name);
  hit('a');    // a* b c d
  store('e');  // b out: a c d e, hand at c
  store('f');  // c out, not a, although a is older and unmarked: a d e f, hand at d
  EXPECT_EQ(stored("abcdef"), "adef");
}

TEST_F(SieveTest, ALongTrace) {
  for (const char name : std::string_view("abcd")) store(name);
  hit('b');
  hit('d');    // a b* c d*
  store('e');  // a out: b* c d* e, hand at b
  store('f');  // b pardoned, c out: b d* e f, hand at d
  hit('f');    // b d* e f*
  store('g');  // d pardoned, e out: b d f* g, hand at f
  store('h');  // f pardoned, g out (new, never asked again): b d f h, past the newest: hand back to b
  hit('b');    // b* d f h
  store('i');  // b pardoned, d out: b f h i, hand at f
  hit('h');    // b f h* i
  store('j');  // f out: b h* i j, hand at h
  store('k');  // h pardoned, i out: b h j k, hand at j
  EXPECT_EQ(stored("abcdefghijk"), "bhjk");
}

TEST_F(SieveTest, AllVisitedMeansTheOldestGoes) {
  for (const char name : std::string_view("abcd")) {
    store(name);
    hit(name);
  }
  store('e');  // all pardoned once, then a
  EXPECT_EQ(stored("abcde"), "bcde");
}

TEST_F(SieveTest, ReplacingKeepsThePlaceAndTheMark) {
  for (const char name : std::string_view("abcd")) store(name);
  store('a');  // still the oldest, still unvisited
  store('e');
  EXPECT_EQ(stored("abcde"), "bcde");
}

TEST_F(SieveTest, ReplacingKeepsAVisitedMark) {
  for (const char name : std::string_view("abcd")) store(name);
  hit('a');
  store('a');
  store('e');
  EXPECT_EQ(stored("abcde"), "acde");
}

TEST_F(SieveTest, ErasingWhereTheHandStandsMovesItOn) {
  for (const char name : std::string_view("abcd")) store(name);
  hit('a');
  store('e');                                   // b out: a c d e, hand at c
  table_.erase(key_for("c"), {Part::success});  // a d e, hand at d
  store('f');                                   // a d e f
  store('g');                                   // d out: a e f g
  EXPECT_EQ(stored("abcdefg"), "aefg");
}

TEST_F(SieveTest, AnEntryExpiredForGoodIsNotPardoned) {
  store('a');
  store('b', 10);
  hit('a');
  hit('b');
  store('c');
  store('d');                                           // a* b* c d
  store('e', 1000, kStart + std::chrono::seconds(11));  // a pardoned, b useless: a c d e
  EXPECT_EQ(stored("abcde"), "acde");
}

TEST_F(SieveTest, AnExpiredEntryThatMayBeServedStaleIsPardoned) {
  table_.set_capacity({.success = 4, .denial = 2, .stale = 1h});
  store('a', 10);
  hit('a');
  for (const char name : std::string_view("bcd")) store(name);
  store('e', 1000, kStart + 11s);
  EXPECT_EQ(stored("abcde"), "acde");
}

TEST_F(SieveTest, FailuresAndDenialsShareAQueueApartFromSuccess) {
  store('a');
  store('n', 10, kStart, Part::denial);
  store('f', 10, kStart, Part::failure);
  store('m', 10, kStart, Part::denial);  // n out
  EXPECT_EQ(stored("anfm"), "afm");
}

}  // namespace
}  // namespace nld::cache
