// A rolling hash from the affix's outer end, so that all lengths cost one pass over the text.
#include "plugins/rewrite/affixes.hpp"

#include <algorithm>

namespace nld::plugins::rewriting {
namespace {

constexpr std::uint64_t kSeed = 0xcbf29ce484222325;  // FNV-1a
constexpr std::size_t kFilterBitsPerAffix = 16;

constexpr std::uint64_t mix(std::uint64_t hash, char letter) noexcept {
  return (hash ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3;
}

/// The high bits of an FNV hash are the better ones.
constexpr std::uint64_t spread(std::uint64_t hash) noexcept {
  return hash ^ (hash >> 29U);
}

char letter_at(std::string_view text, Side side, std::size_t at) noexcept {
  return side == Side::front ? text[at] : text[text.size() - 1 - at];
}

}  // namespace

void Affixes::add(std::string_view affix, std::uint32_t rule) {
  std::uint64_t hash = kSeed;
  for (std::size_t at = 0; at < affix.size(); ++at) hash = mix(hash, letter_at(affix, side_, at));
  std::vector<Entry>& same = entries_[hash];
  auto entry = std::ranges::find(same, affix, &Entry::affix);
  if (entry == same.end()) entry = same.insert(entry, Entry{.affix = std::string(affix), .rules = {}});
  entry->rules.push_back(rule);

  const auto length = static_cast<std::uint32_t>(affix.size());
  const auto place = std::ranges::lower_bound(lengths_, length);
  if (place == lengths_.end() || *place != length) lengths_.insert(place, length);
  if (entries_.size() * kFilterBitsPerAffix > filter_.size() * 64) return grow_filter();
  const std::uint64_t bit = spread(hash) % (filter_.size() * 64);
  filter_[bit / 64] |= 1ULL << (bit % 64);
}

void Affixes::grow_filter() {
  filter_.assign(std::max<std::size_t>(filter_.size() * 2, 16), 0);
  for (const auto& [hash, same] : entries_) {
    const std::uint64_t bit = spread(hash) % (filter_.size() * 64);
    filter_[bit / 64] |= 1ULL << (bit % 64);
  }
}

bool Affixes::may_hold(std::uint64_t hash) const noexcept {
  const std::uint64_t bit = spread(hash) % (filter_.size() * 64);
  return (filter_[bit / 64] & (1ULL << (bit % 64))) != 0;
}

const Affixes::Entry* Affixes::find(std::uint64_t hash, std::string_view affix) const noexcept {
  if (!may_hold(hash)) return nullptr;
  const auto same = entries_.find(hash);
  if (same == entries_.end()) return nullptr;
  const auto entry = std::ranges::find(same->second, affix, &Entry::affix);
  return entry == same->second.end() ? nullptr : &*entry;
}

std::uint32_t Affixes::first(std::string_view text, std::uint32_t from, std::uint32_t best) const noexcept {
  std::uint64_t hash = kSeed;
  std::size_t at = 0;
  for (const std::uint32_t length : lengths_) {
    if (length > text.size()) break;
    for (; at < length; ++at) hash = mix(hash, letter_at(text, side_, at));
    const std::string_view affix =
        side_ == Side::front ? text.substr(0, length) : text.substr(text.size() - length);
    const Entry* const entry = find(hash, affix);
    if (entry == nullptr) continue;
    const auto rule = std::ranges::lower_bound(entry->rules, from);
    if (rule != entry->rules.end()) best = std::min(best, *rule);
  }
  return best;
}

}  // namespace nld::plugins::rewriting
