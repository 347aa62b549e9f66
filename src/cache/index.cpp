// Probing, growth, removal.
#include "cache/index.hpp"

#include <bit>
#include <cassert>
#include <new>
#include <utility>

#include "cache/budget.hpp"

namespace nld::cache {
namespace {

// User addresses have 47 or 48 bits (x86-64, arm64) unless a program asks mmap for higher ones.
constexpr unsigned kAddressBits = 48;
constexpr std::uint64_t kAddressMask = (std::uint64_t{1} << kAddressBits) - 1;
// Below are the bits that choose the shard (table.cpp); the highest ones are in the word.
constexpr unsigned kFirstIndexBit = 16;

std::uint64_t tag_of(std::uint64_t hash) noexcept {
  return hash & ~kAddressMask;
}
std::uint64_t word_for(const Answer* entry, std::uint64_t hash) noexcept {
  const auto address = std::bit_cast<std::uintptr_t>(entry);
  assert((address & ~kAddressMask) == 0);
  return tag_of(hash) | address;
}
const Answer* entry_of(std::uint64_t word) noexcept {
  return std::bit_cast<const Answer*>(static_cast<std::uintptr_t>(word & kAddressMask));
}

// A search ends at a free word, also when it has found something (other parts of the key may follow): with
// five words of eight in use that is 4 words on average, half a cache line.
constexpr bool too_full(std::size_t used, std::size_t words) noexcept {
  return used * 8 > words * 5;
}
constexpr bool too_empty(std::size_t used, std::size_t words) noexcept {
  return used * 8 < words;
}

}  // namespace

Index::~Index() {
  if (!owned_) return;
  for (std::size_t at = 0; at <= mask_; ++at) {
    if (owned_[at] != 0) intrusive_ptr_release(entry_of(owned_[at]));
  }
}

std::size_t Index::first_place(std::uint64_t hash) noexcept {
  return hash >> kFirstIndexBit;
}

Parts Index::find(const KeyView& key) const noexcept {
  Parts found{};
  const Word* words = words_.load(std::memory_order_relaxed);
  const std::size_t mask = mask_.load(std::memory_order_relaxed);
  for (std::size_t at = first_place(key.hash) & mask; words[at] != 0; at = (at + 1) & mask) {
    if (tag_of(words[at]) != tag_of(key.hash)) continue;
    const Answer* entry = entry_of(words[at]);
    entry->prefetch();
    if (entry->is_for(key)) found[static_cast<std::size_t>(entry->facts().part)] = entry;
  }
  return found;
}

std::size_t Index::memory() const noexcept {
  return owned_ ? heap_octets((mask_ + 1) * sizeof(Word)) : 0;
}

void Index::put(Word word, std::uint64_t hash, Word* words, std::size_t mask) noexcept {
  std::size_t at = first_place(hash) & mask;
  while (words[at] != 0) at = (at + 1) & mask;
  words[at] = word;
}

void Index::insert(AnswerPtr entry) {
  const std::size_t words = owned_ ? mask_ + 1 : 0;
  if (too_full(used_ + 1, words) && !resize(words == 0 ? kLeastWords : 2 * words)) throw std::bad_alloc();
  ++used_;
  const std::uint64_t hash = entry->key().hash;
  put(word_for(entry.detach(), hash), hash, owned_.get(), mask_);
}

std::size_t Index::place_of(const Answer& entry) const noexcept {
  const Word wanted = word_for(&entry, entry.key().hash);
  std::size_t at = first_place(entry.key().hash) & mask_;
  while (owned_[at] != wanted) at = (at + 1) & mask_;
  return at;
}

AnswerPtr Index::replace(const Answer& old, AnswerPtr fresh) noexcept {
  const std::uint64_t hash = old.key().hash;
  owned_[place_of(old)] = word_for(fresh.detach(), hash);
  return {&old, false};
}

AnswerPtr Index::remove(const Answer& entry) noexcept {
  AnswerPtr removed(&entry, false);
  std::size_t hole = place_of(entry);
  for (std::size_t at = (hole + 1) & mask_; owned_[at] != 0; at = (at + 1) & mask_) {
    // A word may move back to the hole if its search passes there: if it is as far from its first place.
    const std::size_t first = first_place(entry_of(owned_[at])->key().hash);
    if (((at - first) & mask_) < ((at - hole) & mask_)) continue;
    owned_[hole] = owned_[at];
    hole = at;
  }
  owned_[hole] = 0;
  --used_;
  if (used_ == 0) {
    words_ = &kNothing;
    mask_ = 0;
    owned_.reset();
  } else if (mask_ >= kLeastWords && too_empty(used_, mask_ + 1)) {
    resize((mask_ + 1) / 2);  // without memory for it, it stays as it is
  }
  return removed;
}

bool Index::resize(std::size_t words) noexcept {
  constexpr std::size_t kAhead = 16;
  std::unique_ptr<Word[]> fresh(new (std::nothrow) Word[words]());
  if (!fresh) return false;
  if (owned_) {
    for (std::size_t at = 0; at <= mask_; ++at) {
      // The shard is locked meanwhile, and each entry is another wait for memory.
      if (at + kAhead <= mask_) __builtin_prefetch(entry_of(owned_[at + kAhead]));
      if (owned_[at] != 0) put(owned_[at], entry_of(owned_[at])->key().hash, fresh.get(), words - 1);
    }
  }
  words_ = fresh.get();
  mask_ = words - 1;
  owned_ = std::move(fresh);
  return true;
}

void Index::prefetch_word(std::uint64_t hash) const noexcept {
  const auto words = std::bit_cast<std::uintptr_t>(words_.load(std::memory_order_relaxed));
  const std::size_t place = first_place(hash) & mask_.load(std::memory_order_relaxed);
  __builtin_prefetch(std::bit_cast<const void*>(words + place * sizeof(Word)));
}

void Index::prefetch_entries(std::uint64_t hash) const noexcept {
  const Word* words = words_.load(std::memory_order_relaxed);
  const std::size_t mask = mask_.load(std::memory_order_relaxed);
  for (std::size_t at = first_place(hash) & mask; words[at] != 0; at = (at + 1) & mask) {
    if (tag_of(words[at]) == tag_of(hash)) entry_of(words[at])->prefetch();
  }
}

}  // namespace nld::cache
