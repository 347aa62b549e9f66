// Keys: case folding and hashing, a word at a time.
#include "cache/key.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace nld::cache {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uint64_t load(const std::uint8_t* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, kWord);
  return word;
}

void store(std::uint8_t* to, std::uint64_t word) noexcept {
  std::memcpy(to, &word, kWord);
}

/// dns::lower on eight octets. Length octets need no care: at most 63, they are below 'A'.
constexpr std::uint64_t lower_word(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kTops = 0x80 * kOnes;
  // On seven bits an octet the additions cannot carry into the next one.
  const std::uint64_t low = word & ~kTops;
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes;
  const std::uint64_t past_z = low + (0x80 - 'Z' - 1) * kOnes;
  const std::uint64_t upper = (from_a & ~past_z & ~word) & kTops;
  return word | (upper >> 2U);  // 0x80 >> 2 is the case bit, 0x20
}

void copy_lower(std::uint8_t* to, dns::NameView name) noexcept {
  const std::size_t size = name.size();
  if (size < kWord) {
    for (std::size_t at = 0; at < size; ++at) to[at] = dns::lower(name[at]);
    return;
  }
  for (std::size_t at = 0; at + kWord <= size; at += kWord)
    store(to + at, lower_word(load(name.data() + at)));
  // The last word overlaps the one before; folding octets twice changes nothing.
  store(to + size - kWord, lower_word(load(name.data() + size - kWord)));
}

/// The 128-bit product folded to 64: every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t left, std::uint64_t right) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(left) * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

/// SplitMix64: turns one seed into independent words.
std::uint64_t next_secret(std::uint64_t& state) noexcept {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t word = state;
  word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9U;
  word = (word ^ (word >> 27U)) * 0x94D049BB133111EBU;
  return word ^ (word >> 31U);
}

constexpr std::uint8_t kDnssecOkBit = 1;
constexpr std::uint8_t kCheckingDisabledBit = 2;

}  // namespace

KeyHasher::KeyHasher(std::uint64_t seed) noexcept {
  for (auto& secret : secrets_) secret = next_secret(seed);
}

std::uint64_t KeyHasher::hash(const std::uint8_t* octets, std::size_t size) const noexcept {
  // Both factors hide behind a secret: with a published constant in their place, a name that equals it
  // makes the product zero whatever the seed is, and all such names collide.
  std::uint64_t state = secrets_[0] ^ size;
  for (std::size_t at = 0; at < size; at += kStride)
    state = mix(load(octets + at) ^ secrets_[1], load(octets + at + kWord) ^ state);
  return mix(state ^ secrets_[2], secrets_[3]);
}

Key::Key(const KeyHasher& hasher, dns::NameView name, dns::RRType type, dns::RRClass cls, bool dnssec_ok,
         bool checking_disabled) noexcept
    : size_(static_cast<std::uint16_t>(std::min(name.size(), dns::kMaxNameSize) + kSuffix)) {
  assert(name.size() <= dns::kMaxNameSize);
  const std::size_t end = size_ - kSuffix;
  copy_lower(octets_.data(), name.first(end));
  const dns::MutableBytes suffix{octets_.data() + end, kSuffix};
  dns::put16(suffix, 0, static_cast<std::uint16_t>(type));
  dns::put16(suffix, 2, static_cast<std::uint16_t>(cls));
  suffix[4] = static_cast<std::uint8_t>((dnssec_ok ? kDnssecOkBit : 0) |
                                        (checking_disabled ? kCheckingDisabledBit : 0));
  std::memset(octets_.data() + size_, 0, KeyHasher::kStride);
  hash_ = hasher.hash(octets_.data(), size_);
}

dns::RRType Key::type() const noexcept {
  return static_cast<dns::RRType>(dns::get16(bytes(), size_ - kSuffix));
}

dns::RRClass Key::cls() const noexcept {
  return static_cast<dns::RRClass>(dns::get16(bytes(), size_ - kSuffix + 2));
}

bool Key::dnssec_ok() const noexcept {
  return (octets_[size_ - 1U] & kDnssecOkBit) != 0;
}

bool Key::checking_disabled() const noexcept {
  return (octets_[size_ - 1U] & kCheckingDisabledBit) != 0;
}

bool operator==(const Key& left, const Key& right) noexcept {
  return left.hash_ == right.hash_ && std::ranges::equal(left.bytes(), right.bytes());
}

}  // namespace nld::cache
