// The SIEVE eviction queue (Zhang et al., NSDI '24) over links of nodes. Private to the cache.
#pragma once

#include <cstddef>

#include "cache/node.hpp"

namespace nld::cache {

/// New links enter at the head; a hand walks from the oldest to the newest, clears visited bits and stops at
/// the first link that was not visited since. A hit moves nothing. Owns nothing; not thread-safe.
class Sieve {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Link* oldest() const noexcept { return oldest_; }  ///< null when empty
  void insert(Link& link) noexcept;
  void remove(Link& link) noexcept;

  /// The link to evict next, still in the queue; null when there is none but `keep`. An answer that expired
  /// before `useless_before` gets no second chance for having been visited.
  [[nodiscard]] Link* victim(runtime::TimePoint useless_before, const Link* keep) noexcept;

 private:
  Link* newest_ = nullptr;
  Link* oldest_ = nullptr;
  Link* hand_ = nullptr;  ///< null: start from the oldest
  std::size_t size_ = 0;
};

}  // namespace nld::cache
