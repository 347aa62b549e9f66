// Where the entries of a shard are found by key: an open-addressing table of one word an entry. Private to
// the cache.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "cache/answer.hpp"

namespace nld::cache {

/// The entries of one key, by part; null where there is none.
using Parts = std::array<const Answer*, kPartCount>;

/// Holds a reference of each entry. A word has the entry's address and 16 bits of its hash, so that a search
/// reads the words, which lie side by side, and then the entry it looks for, hardly ever another one. Linear
/// probing, removal by moving back what follows: no tombstones. Not thread-safe but for `prefetch_word`.
class Index {
 public:
  Index() = default;
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;
  ~Index();

  [[nodiscard]] Parts find(const KeyView& key) const noexcept;
  /// Octets of the array of words, for the budget: changes with `insert` and `remove`.
  [[nodiscard]] std::size_t memory() const noexcept;

  /// Pre-condition: no entry of that key and part is in.
  void insert(AnswerPtr entry);
  /// Pre-condition: `old` is in, `fresh` has its key and part. Returns the old one.
  AnswerPtr replace(const Answer& old, AnswerPtr fresh) noexcept;
  /// Pre-condition: it is in.
  AnswerPtr remove(const Answer& entry) noexcept;

  /// Begins to load the words that a search for that hash will read. Any thread, at any time: it follows
  /// nothing, so a stale address is of no use and does no harm.
  void prefetch_word(std::uint64_t hash) const noexcept;
  /// Begins to load the entries that a search for that hash will read.
  void prefetch_entries(std::uint64_t hash) const noexcept;

 private:
  using Word = std::uint64_t;  ///< 0: free
  [[nodiscard]] static std::size_t first_place(std::uint64_t hash) noexcept;
  [[nodiscard]] std::size_t place_of(const Answer& entry) const noexcept;
  /// False when there is no memory for it: the index is as it was.
  bool resize(std::size_t words) noexcept;
  static void put(Word word, std::uint64_t hash, Word* words, std::size_t mask) noexcept;

  static constexpr std::size_t kLeastWords = 8;
  static constexpr Word kNothing = 0;  // what an index without entries searches

  // Of `owned_`, which `prefetch_word` must not read: it may change meanwhile.
  std::atomic<const Word*> words_{&kNothing};
  std::atomic<std::size_t> mask_{0};
  std::size_t used_ = 0;
  std::unique_ptr<Word[]> owned_;
};

}  // namespace nld::cache
