// Answers: what they carry, how long they live, how their TTL is rounded.
#include "cache/answer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "samples.hpp"

namespace nld::cache {
namespace {

using namespace std::chrono_literals;
using test::kStart;

TEST(Answer, CopiesWhatItIsGiven) {
  std::vector<std::uint8_t> wire{1, 2, 3, 4, 5};
  std::vector<std::uint16_t> offsets{17, 65535, 33};
  const auto answer = Answer::make({.part = Part::denial,
                                    .kind = dns::ResponseKind::nxdomain,
                                    .rcode = dns::Rcode::NXDOMAIN,
                                    .ttl = 7,
                                    .stored_at = kStart,
                                    .extended_error = dns::ExtendedError::stale_answer},
                                   wire, offsets);
  std::ranges::fill(wire, 0);
  std::ranges::fill(offsets, 0);
  EXPECT_TRUE(std::ranges::equal(answer->wire(), std::array{1, 2, 3, 4, 5}));
  EXPECT_TRUE(std::ranges::equal(answer->ttl_offsets(), std::array{17, 65535, 33}));
  EXPECT_EQ(answer->facts().part, Part::denial);
  EXPECT_EQ(answer->facts().rcode, dns::Rcode::NXDOMAIN);
  EXPECT_EQ(answer->facts().extended_error, dns::ExtendedError::stale_answer);
}

TEST(Answer, MayBeEmpty) {
  const auto answer = Answer::make({}, {}, {});
  EXPECT_TRUE(answer->wire().empty());
  EXPECT_TRUE(answer->ttl_offsets().empty());
}

TEST(Answer, AsAnEntryHasTheKeysQuestionAndNewTimes) {
  const Key key = test::key_for("www.example");
  constexpr std::string_view kBody("\3WWW\7exAMPLE\0\0\1\0\1rest", 21);
  std::vector<std::uint8_t> wire(dns::kHeaderSize + kBody.size());
  wire[5] = 1;  // QDCOUNT
  std::ranges::copy(kBody, wire.begin() + dns::kHeaderSize);
  const auto made =
      Answer::make({.rcode = dns::Rcode::NOERROR, .ttl = 7}, wire, std::array<std::uint16_t, 1>{40});
  ASSERT_TRUE(made->asks(key));
  EXPECT_FALSE(made->asks(test::key_for("www.example", dns::RRType::AAAA)));
  EXPECT_FALSE(made->asks(test::key_for("ww.example")));
  EXPECT_FALSE(made->asks(test::key_for("www.example.org")));

  auto entry = Answer::entry(made, key, 30, kStart);
  EXPECT_NE(entry, made) << "somebody else has it";
  EXPECT_EQ(made->facts().ttl, 7U);
  EXPECT_EQ(entry->facts().ttl, 30U);
  EXPECT_EQ(entry->facts().stored_at, kStart);
  EXPECT_TRUE(std::ranges::equal(entry->ttl_offsets(), std::array{40}));
  EXPECT_TRUE(entry->is_for(key.view()));
  EXPECT_TRUE(std::ranges::equal(entry->wire().subspan(dns::kHeaderSize, 17), key.bytes().first(17)));
  EXPECT_EQ(test::text_of(entry), "rest");

  const Key with_do(test::kHasher, test::wire_name("www.example"), dns::RRType::A, dns::RRClass::IN, true,
                    false);
  EXPECT_FALSE(entry->is_for(with_do.view()));
  const Answer* const block = entry.get();
  const auto again = Answer::entry(std::move(entry), with_do, 5, kStart);
  EXPECT_EQ(again.get(), block) << "nobody else had it";
  EXPECT_TRUE(again->is_for(with_do.view()));
}

TEST(Answer, WithoutAQuestionAnswersNone) {
  const Key key = test::key_for("www.example");
  EXPECT_FALSE(Answer::make({}, {}, {})->asks(key));
  EXPECT_FALSE(Answer::make({}, std::vector<std::uint8_t>(100), {})->asks(key)) << "QDCOUNT is 0";
}

TEST(Answer, TtlIsRoundedAwayFromZero) {
  const auto answer = test::answer_with("x", Part::success, 10);
  EXPECT_EQ(answer->ttl_at(kStart), 10);
  EXPECT_EQ(answer->ttl_at(kStart + 1ns), 10);
  EXPECT_EQ(answer->ttl_at(kStart + 999ms), 10);
  EXPECT_EQ(answer->ttl_at(kStart + 1s), 9);
  EXPECT_EQ(answer->ttl_at(kStart + 9s), 1);
  EXPECT_EQ(answer->ttl_at(kStart + 10s - 1ns), 1);
  EXPECT_EQ(answer->ttl_at(kStart + 10s), 0);
  EXPECT_EQ(answer->ttl_at(kStart + 10s + 1ns), -1);
  EXPECT_EQ(answer->ttl_at(kStart + 11s), -1);
  EXPECT_EQ(answer->ttl_at(kStart + 11s + 1ns), -2);
}

TEST(Answer, TtlNeverGrowsWhenTheClockWasReadBeforeStoring) {
  const auto answer = test::answer_with("x", Part::success, 10);
  EXPECT_EQ(answer->ttl_at(kStart - 5ms), 10);
}

TEST(Answer, IsFreshAsLongAsItsTtlIsPositive) {
  const auto answer = test::answer_with("x", Part::success, 2);
  for (const auto after : {0ns, 1ns, 1'999'999'999ns, 2'000'000'000ns, 2'000'000'001ns, 3'000'000'000ns})
    EXPECT_EQ(answer->fresh_at(kStart + after), answer->ttl_at(kStart + after) > 0) << after.count();
  EXPECT_FALSE(test::answer_with("x", Part::success, 0)->fresh_at(kStart));
}

TEST(Answer, LongestTtlDoesNotOverflow) {
  const auto answer = test::answer_with("x", Part::success, 0xFFFFFFFFU);
  EXPECT_EQ(answer->ttl_at(kStart + 1s), std::int64_t{0xFFFFFFFF} - 1);
}

TEST(Answer, MemoryCoversTheWholeBlock) {
  const std::vector<std::uint8_t> wire(1000);
  const std::vector<std::uint16_t> offsets(50);
  const auto empty = Answer::make({}, {}, {});
  const auto full = Answer::make({}, wire, offsets);
  EXPECT_GE(empty->memory(), sizeof(Answer));
  EXPECT_GE(full->memory(), sizeof(Answer) + 1100);
  EXPECT_LE(full->memory(), sizeof(Answer) + 1100 + 24);
}

}  // namespace
}  // namespace nld::cache
