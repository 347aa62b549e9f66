// Keys: case folding, what tells two keys apart, the spread of the hash.
#include "cache/key.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "samples.hpp"

namespace nld::cache {
namespace {

using test::kHasher;
using test::wire_name;

TEST(Key, FoldsEveryOctetAsDnsDoesAtEveryLength) {
  for (std::size_t size = 1; size <= dns::kMaxLabelSize; ++size) {
    for (unsigned octet = 0; octet < 256; ++octet) {
      std::vector<std::uint8_t> wire(size + 2, static_cast<std::uint8_t>(octet));
      wire.front() = static_cast<std::uint8_t>(size);
      wire.back() = 0;
      const Key key(kHasher, wire, dns::RRType::A, dns::RRClass::IN, false, false);
      std::ranges::transform(wire, wire.begin(), dns::lower);
      ASSERT_TRUE(std::ranges::equal(key.name(), wire)) << "octet " << octet << ", size " << size;
    }
  }
}

TEST(Key, LengthOctetsAreNotFolded) {
  // No length octet can be a letter, but a name of longest labels comes close.
  const std::string label(63, 'Z');
  const auto wire = wire_name(label + "." + label + "." + label + "." + label.substr(0, 61));
  ASSERT_EQ(wire.size(), dns::kMaxNameSize);
  const Key key(kHasher, wire, dns::RRType::A, dns::RRClass::IN, false, false);
  EXPECT_EQ(key.name()[0], 63);
  EXPECT_EQ(key.name()[64], 63);
  EXPECT_EQ(key.name()[65], 'z');
  EXPECT_EQ(key.name()[254], 0);
  EXPECT_EQ(key.bytes().size(), Key::kMaxSize);
}

TEST(Key, EqualInAnyCase) {
  const Key lower = test::key_for("www.example.com");
  const Key mixed = test::key_for("wWw.eXAMPLE.Com");
  EXPECT_EQ(lower, mixed);
  EXPECT_EQ(lower.hash(), mixed.hash());
}

TEST(Key, EveryFieldTellsKeysApart) {
  const auto name = wire_name("www.example.com");
  const auto other = wire_name("ww.wexample.com");
  using dns::RRClass;
  using dns::RRType;
  const std::vector<Key> keys{
      {kHasher, name, RRType::A, RRClass::IN, false, false},
      {kHasher, name, RRType::AAAA, RRClass::IN, false, false},
      {kHasher, name, RRType{0x0100}, RRClass::IN, false, false},
      {kHasher, name, RRType::A, RRClass::CH, false, false},
      {kHasher, name, RRType::A, RRClass::IN, true, false},
      {kHasher, name, RRType::A, RRClass::IN, false, true},
      {kHasher, name, RRType::A, RRClass::IN, true, true},
      {kHasher, other, RRType::A, RRClass::IN, false, false},
      {kHasher, wire_name(""), RRType::A, RRClass::IN, false, false},
  };
  for (std::size_t left = 0; left < keys.size(); ++left)
    for (std::size_t right = 0; right < keys.size(); ++right) {
      EXPECT_EQ(keys[left] == keys[right], left == right) << left << " and " << right;
      EXPECT_EQ(keys[left].hash() == keys[right].hash(), left == right) << left << " and " << right;
    }
}

TEST(Key, GivesItsFieldsBack) {
  const auto name = wire_name("Example.Org");
  const Key key(kHasher, name, dns::RRType::HTTPS, dns::RRClass{0xABCD}, true, false);
  EXPECT_TRUE(std::ranges::equal(key.name(), wire_name("example.org")));
  EXPECT_EQ(key.type(), dns::RRType::HTTPS);
  EXPECT_EQ(key.cls(), dns::RRClass{0xABCD});
  EXPECT_TRUE(key.dnssec_ok());
  EXPECT_FALSE(key.checking_disabled());
}

TEST(Key, SeedChangesTheHashButNotEquality) {
  const auto name = wire_name("example.org");
  const Key one(KeyHasher(1), name, dns::RRType::A, dns::RRClass::IN, false, false);
  const Key same(KeyHasher(1), name, dns::RRType::A, dns::RRClass::IN, false, false);
  const Key two(KeyHasher(2), name, dns::RRType::A, dns::RRClass::IN, false, false);
  EXPECT_EQ(one.hash(), same.hash());
  EXPECT_NE(one.hash(), two.hash());
}

TEST(Key, HashDependsOnNothingButTheKey) {
  // The same key built where a longer one stood before: what is left in memory must not count.
  const auto hash_after = [](std::string_view before) {
    alignas(Key) std::array<std::byte, sizeof(Key)> room;
    ::new (room.data()) Key(test::key_for(before));
    return (::new (room.data())
                Key(kHasher, wire_name("a.b"), dns::RRType::A, dns::RRClass::IN, false, false))
        ->hash();
  };
  EXPECT_EQ(hash_after("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            hash_after("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"));
}

TEST(Key, HashSpreadsSimilarNames) {
  constexpr std::size_t kNames = 65536;
  std::set<std::uint64_t> hashes;
  // The bits that the index and the shards use: lowest octet, shard bits, highest bits.
  std::array<std::array<std::size_t, 64>, 3> buckets{};
  for (std::size_t number = 0; number < kNames; ++number) {
    const auto hash = test::key_for("pod-" + std::to_string(number) + ".ns.svc.cluster.local").hash();
    hashes.insert(hash);
    ++buckets[0][hash % 64];
    ++buckets[1][(hash >> 8U) % 64];
    ++buckets[2][hash >> 58U];
  }
  EXPECT_EQ(hashes.size(), kNames);
  for (const auto& counts : buckets) {
    double chi_square = 0;
    for (const auto count : counts) {
      const double off = static_cast<double>(count) - kNames / 64.0;
      chi_square += off * off / (kNames / 64.0);
    }
    EXPECT_LT(chi_square, 130) << "63 degrees of freedom: 130 is beyond one in a million";
  }
}

}  // namespace
}  // namespace nld::cache
