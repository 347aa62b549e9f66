// The index against a model: random insertions, replacements and removals, from empty to full and back.
#include "cache/index.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "samples.hpp"

namespace nld::cache {
namespace {

using test::entry_with;
using test::key_number;

using Model = std::map<std::pair<std::size_t, Part>, AnswerPtr>;

void expect_equal(const Index& index, const Model& model, std::size_t keys) {
  for (std::size_t number = 0; number < keys; ++number) {
    const Parts found = index.find(key_number(number).view());
    for (const Part part : {Part::success, Part::denial, Part::failure}) {
      const auto expected = model.find({number, part});
      ASSERT_EQ(found[static_cast<std::size_t>(part)],
                expected == model.end() ? nullptr : expected->second.get())
          << number;
    }
  }
}

/// One random change of key `number`, in both.
void change(Index& index, Model& model, std::size_t number, std::mt19937& random, bool growing) {
  const auto part = static_cast<Part>(random() % kPartCount);
  const auto place = model.find({number, part});
  if (place == model.end()) {
    if (!growing && random() % 4 != 0) return;
    const AnswerPtr entry = entry_with(key_number(number), "x", part);
    index.insert(entry);
    model[{number, part}] = entry;
  } else if (random() % 4 == 0) {
    const AnswerPtr fresh = entry_with(key_number(number), "y", part);
    ASSERT_EQ(index.replace(*place->second, fresh), place->second);
    place->second = fresh;
  } else if (!growing || random() % 4 == 0) {
    ASSERT_EQ(index.remove(*place->second), place->second);
    model.erase(place);
  }
}

TEST(Index, IsWhatTheModelSays) {
  constexpr std::size_t kKeys = 300;
  std::mt19937 random(3);
  Index index;
  Model model;
  for (const bool growing : {true, false, true, false}) {
    for (std::size_t step = 0; step < 4000; ++step) {
      ASSERT_NO_FATAL_FAILURE(change(index, model, random() % kKeys, random, growing));
      if (step % 100 != 0) continue;
      ASSERT_NO_FATAL_FAILURE(expect_equal(index, model, kKeys));
    }
    ASSERT_NO_FATAL_FAILURE(expect_equal(index, model, kKeys));
  }
}

TEST(Index, TakesAsMuchMemoryAsItsEntriesNeed) {
  constexpr std::size_t kEntries = 10'000;
  Index index;
  EXPECT_EQ(index.memory(), 0U);
  std::vector<AnswerPtr> entries;
  for (std::size_t number = 0; number < kEntries; ++number) {
    entries.push_back(entry_with(key_number(number), "x"));
    index.insert(entries.back());
  }
  EXPECT_LE(index.memory(), kEntries * 32) << "a word of 8 octets at a load of 5/16 or more";
  for (std::size_t number = 0; number < kEntries; ++number) {
    index.prefetch_word(entries[number]->key().hash);
    if (number + 100 < kEntries) index.remove(*entries[number]);
  }
  EXPECT_LE(index.memory(), 100U * 8 * 8 + 16);
  for (std::size_t number = kEntries - 100; number < kEntries; ++number) index.remove(*entries[number]);
  EXPECT_EQ(index.memory(), 0U);
  EXPECT_EQ(index.find(key_number(1).view()), Parts{});
}

TEST(Index, ReleasesWhatItHolds) {
  AnswerPtr only = entry_with(key_number(2), "y");
  const Answer* const block = only.get();
  {
    Index index;
    index.insert(only);
  }
  // Answer::entry copies what others hold.
  EXPECT_EQ(Answer::entry(std::move(only), key_number(2), 1, test::kStart).get(), block);
}

}  // namespace
}  // namespace nld::cache
