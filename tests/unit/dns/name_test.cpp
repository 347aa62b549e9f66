// Names as values: text form, equality, hash, ancestry, canonical order.
#include "dns/name.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <unordered_set>

#include "dns/fold.hpp"

namespace nld::dns {
namespace {

Name name(std::string_view text) {
  auto parsed = Name::from_text(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Name{});
}

std::string labels(std::size_t count, std::size_t size) {
  std::string text;
  for (std::size_t index = 0; index < count; ++index) text += std::string(size, 'a') + ".";
  return text;
}

TEST(Name, DefaultIsTheRoot) {
  EXPECT_TRUE(Name{}.is_root());
  EXPECT_EQ(Name{}.size(), 1U);
  EXPECT_EQ(Name{}.to_text(), ".");
  EXPECT_EQ(name("."), Name{});
  EXPECT_EQ(Name{}.label_count(), 0U);
}

TEST(Name, TextForms) {
  const struct {
    std::string_view text;
    std::string_view printed;
    std::size_t size;
  } cases[] = {
      {"a", "a.", 3},
      {"www.Example.COM", "www.Example.COM.", 17},
      {"www.example.com.", "www.example.com.", 17},
      {R"(a\.b.c.)", R"(a\.b.c.)", 7},
      {R"(a\\.c)", R"(a\\.c.)", 6},
      {R"(\097\066.)", "aB.", 4},
      {R"(\000\255.)", R"(\000\255.)", 4},
      {R"(a\ b.)", R"(a\ b.)", 5},
      {R"(a\032b)", R"(a\ b.)", 5},
      {"a b.", R"(a\ b.)", 5},
      {R"(x\@y\;z\(\)\"\'.)", R"(x\@y\;z\(\)\"\'.)", 11},
      {"_sip._tcp.example.", "_sip._tcp.example.", 19},
      {"*.example.", "*.example.", 11},
  };
  for (const auto& each : cases) {
    const auto parsed = Name::from_text(each.text);
    ASSERT_TRUE(parsed.has_value()) << each.text;
    EXPECT_EQ(parsed->to_text(), each.printed);
    EXPECT_EQ(parsed->size(), each.size) << each.text;
    EXPECT_EQ(Name::from_wire(parsed->wire()), *parsed);
  }
}

TEST(Name, TextIsRefused) {
  const struct {
    std::string text;
    NameError error;
  } cases[] = {
      {"", NameError::empty_label},
      {"..", NameError::empty_label},
      {".a", NameError::empty_label},
      {"a..b", NameError::empty_label},
      {"a..", NameError::empty_label},
      {"a\\", NameError::bad_escape},
      {"a\\1", NameError::bad_escape},
      {"a\\12.", NameError::bad_escape},
      {"a\\1b2", NameError::bad_escape},
      {"a\\256", NameError::bad_escape},
      {std::string(64, 'a'), NameError::label_too_long},
      {labels(3, 63) + std::string(62, 'a'), NameError::name_too_long},
      {labels(128, 1), NameError::name_too_long},
      {std::string(100000, '.'), NameError::empty_label},
      {labels(50000, 1), NameError::name_too_long},
  };
  for (const auto& each : cases) {
    const auto parsed = Name::from_text(each.text);
    ASSERT_FALSE(parsed.has_value()) << each.text;
    EXPECT_EQ(parsed.error(), each.error) << each.text << ": " << describe(parsed.error());
  }
}

TEST(Name, LongestNames) {
  for (const std::string& text :
       {labels(3, 63) + std::string(61, 'a') + ".", labels(127, 1), labels(3, 63) + std::string(61, 'a')}) {
    const Name longest = name(text);
    EXPECT_EQ(longest.size(), kMaxNameSize);
    EXPECT_EQ(Name::from_wire(longest.wire()), longest);
    EXPECT_EQ(name(longest.to_text()), longest);
  }
  EXPECT_EQ(name(labels(127, 1)).label_count(), 127U);
}

TEST(Name, WireIsRefused) {
  const std::vector<std::uint8_t> cut = {3, 'a', 'b'};
  const std::vector<std::uint8_t> open = {1, 'a'};
  const std::vector<std::uint8_t> pointer = {0xC0, 0x0C};
  const std::vector<std::uint8_t> old_type = {0x41, 'a', 0};
  const std::vector<std::uint8_t> endless(300, 1);
  EXPECT_EQ(Name::from_wire({}).error(), NameError::truncated);
  EXPECT_EQ(Name::from_wire(cut).error(), NameError::truncated);
  EXPECT_EQ(Name::from_wire(open).error(), NameError::truncated);
  EXPECT_EQ(Name::from_wire(pointer).error(), NameError::bad_label_type);
  EXPECT_EQ(Name::from_wire(old_type).error(), NameError::bad_label_type);
  EXPECT_EQ(Name::from_wire(endless).error(), NameError::name_too_long);
}

TEST(Name, WireMayBeFollowedByOtherOctets) {
  const std::vector<std::uint8_t> wire = {1, 'a', 0, 9, 9};
  EXPECT_EQ(Name::from_wire(wire), name("a."));
}

TEST(Name, FoldChangesOnlyCapitals) {
  for (unsigned octet = 0; octet < 256; ++octet) {
    const unsigned expected = octet >= 'A' && octet <= 'Z' ? octet + 32 : octet;
    EXPECT_EQ(lower(static_cast<std::uint8_t>(octet)), expected);
    for (unsigned shift = 0; shift < 64; shift += 8) {
      // 0x5B ('[') around it: a carry from or into a neighbour would show.
      const std::uint64_t around = 0x5B5B5B5B5B5B5B5BU & ~(std::uint64_t{0xFF} << shift);
      EXPECT_EQ(fold(around | (std::uint64_t{octet} << shift)), around | (std::uint64_t{expected} << shift));
    }
  }
}

TEST(Name, EqualityIgnoresAsciiCaseOnly) {
  EXPECT_EQ(name("WWW.eXample.Com"), name("www.example.com"));
  EXPECT_NE(name("www.example.com"), name("www.example.org"));
  EXPECT_NE(name("[.example."), name("{.example."));  // differ by the bit that tells case
  EXPECT_NE(name("\\224.example."), name("\\192.example."));
  EXPECT_NE(name("a.b."), name("a\\.b."));
  EXPECT_NE(name("a."), name("a.b."));
}

// Every size takes its own path through words and tail; every octet of the name must count.
TEST(Name, EveryOctetCountsInEqualityAndHash) {
  std::mt19937 random(1);
  for (std::size_t size = 1; size <= 61; ++size) {
    std::string text(size, 'x');
    for (char& letter : text) letter = static_cast<char>('a' + random() % 26);
    const Name original = name(text + ".Example");
    for (std::size_t at = 0; at < size; ++at) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] - 'a' + 'A');
      EXPECT_EQ(name(changed + ".example"), original);
      EXPECT_EQ(hash_value(name(changed + ".example")), hash_value(original));
      changed[at] = '-';
      EXPECT_NE(name(changed + ".example"), original) << changed;
      EXPECT_NE(hash_value(name(changed + ".example")), hash_value(original)) << changed;
    }
  }
}

TEST(Name, ShortNamesHashApart) {
  std::unordered_set<std::size_t> hashes{hash_value(Name{})};
  std::size_t count = 1;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) {
      for (const std::string& text : {std::string{a, b}, std::string{a, '.', b}, std::string{a, b, a, b}}) {
        hashes.insert(hash_value(name(text)));
        ++count;
      }
    }
  }
  EXPECT_EQ(hashes.size(), count);
}

TEST(Name, HashSpreadsOverLowAndHighBits) {
  std::vector<int> low(64);
  std::vector<int> high(64);
  constexpr int kNames = 64 * 256;
  for (int index = 0; index < kNames; ++index) {
    const auto hash = hash_value(name("pod-" + std::to_string(index) + ".default.svc.cluster.local"));
    ++low[hash & 63U];
    ++high[hash >> 58U];
  }
  for (const auto* buckets : {&low, &high}) {
    const auto [least, most] = std::ranges::minmax(*buckets);
    EXPECT_GT(least, 180);  // expected 256 with a deviation of 16
    EXPECT_LT(most, 340);
  }
}

TEST(Name, SeedChangesTheHash) {
  const Name some = name("www.example.com");
  EXPECT_NE(hash_value(some.wire(), 1), hash_value(some.wire(), 2));
  EXPECT_EQ(hash_value(some.wire(), 7), hash_value(name("WWW.EXAMPLE.COM").wire(), 7));
}

TEST(Name, Ancestry) {
  const struct {
    std::string_view below;
    std::string_view above;
    bool expected;
  } cases[] = {
      {"a.example.", ".", true},
      {".", ".", true},
      {"a.example.", "example.", true},
      {"a.example.", "EXAMPLE.", true},
      {"a.example.", "a.example.", true},
      {"a.example.", "b.a.example.", false},
      {"example.", "a.example.", false},
      {"notexample.", "example.", false},
      {"not.example.", "t.example.", false},
      {".", "example.", false},
      {"a\\.example.", "example.", false},
      {"x.cluster.local.", "cluster.local.", true},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(name(each.below).is_at_or_below(name(each.above)), each.expected)
        << each.below << " below " << each.above;
  }
}

TEST(Name, Lowered) {
  const Name mixed = name("MiXeD.ExAmPlE.With-A-Long-Label.COM");
  EXPECT_EQ(mixed.lowered().to_text(), "mixed.example.with-a-long-label.com.");
  std::vector<std::uint8_t> out(mixed.wire().begin(), mixed.wire().end());
  lower_into(out, out);
  EXPECT_TRUE(std::ranges::equal(out, mixed.lowered().wire()));
}

// The list of RFC 4034 §6.1, in its order.
TEST(Name, CanonicalOrder) {
  const std::string_view ordered[] = {"example.",         "a.example.",      "yljkjljk.a.example.",
                                      "Z.a.example.",     "zABC.a.EXAMPLE.", "z.example.",
                                      "\\001.z.example.", "*.z.example.",    "\\200.z.example."};
  for (std::size_t left = 0; left < std::size(ordered); ++left) {
    for (std::size_t right = 0; right < std::size(ordered); ++right) {
      EXPECT_EQ(name(ordered[left]) <=> name(ordered[right]), left <=> right)
          << ordered[left] << " and " << ordered[right];
    }
  }
  EXPECT_EQ(name("A.b.") <=> name("a.B."), std::weak_ordering::equivalent);
}

}  // namespace
}  // namespace nld::dns
