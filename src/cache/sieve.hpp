// The SIEVE eviction queue (Zhang et al., NSDI '24) over entries. Private to the cache.
#pragma once

#include <cstddef>

#include "cache/answer.hpp"

namespace nld::cache {

/// New entries come in at the head; a hand walks from the oldest to the newest, clears visited marks and
/// stops at the first entry that was not visited since. A hit moves nothing. Owns nothing; not thread-safe.
class Sieve {
 public:
  [[nodiscard]] const Answer* oldest() const noexcept { return oldest_; }  ///< null when empty
  void insert(const Answer& entry) noexcept;
  /// `fresh` takes the place of `old`, mark and all.
  void replace(const Answer& old, const Answer& fresh) noexcept;
  void remove(const Answer& entry) noexcept;

  /// The entry to evict next, still in the queue; null when there is none but `keep`. An answer that expired
  /// before `useless_before` gets no second chance for having been visited.
  [[nodiscard]] const Answer* victim(runtime::TimePoint useless_before, const Answer* keep) noexcept;

 private:
  /// Makes the neighbours of `entry`'s place point at `to_newer` and `to_older`.
  void relink(const Answer::Place& place, const Answer* to_newer, const Answer* to_older) noexcept;

  const Answer* newest_ = nullptr;
  const Answer* oldest_ = nullptr;
  const Answer* hand_ = nullptr;  ///< null: start from the oldest
  std::size_t size_ = 0;
};

}  // namespace nld::cache
