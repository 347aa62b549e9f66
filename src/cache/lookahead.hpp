// A lookup that comes soon: its memory is asked for before it is needed, for many lookups at once.
#pragma once

#include <cstdint>

namespace nld::cache {

class Table;  // NOLINT(cppcoreguidelines-virtual-class-destructor): its definition says final

/// In a table that the CPU's caches cannot hold, a lookup waits for memory twice: for the word of the index,
/// then for the entry. Made for a batch of queries, then `load` called for each, these waits overlap. Valid
/// as long as the table.
class Lookahead {
 public:
  /// Of nothing.
  Lookahead() = default;
  /// Begins to load the index's word.
  Lookahead(const Table& table, std::uint64_t hash) noexcept;
  /// Begins to load the entry, if the table has one.
  void load() const noexcept;

 private:
  const Table* table_ = nullptr;
  std::uint64_t hash_ = 0;
};

}  // namespace nld::cache
