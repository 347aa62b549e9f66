// SIEVE: insertion, removal, the walk of the hand.
#include "cache/sieve.hpp"

namespace nld::cache {

void Sieve::insert(Link& link) noexcept {
  link.newer = nullptr;
  link.older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = &link;
  newest_ = &link;
  ++size_;
}

void Sieve::remove(Link& link) noexcept {
  if (hand_ == &link) hand_ = link.newer;
  (link.newer != nullptr ? link.newer->older : newest_) = link.older;
  (link.older != nullptr ? link.older->newer : oldest_) = link.newer;
  link.newer = nullptr;
  link.older = nullptr;
  --size_;
}

Link* Sieve::victim(runtime::TimePoint useless_before, const Link* keep) noexcept {
  Link* at = hand_ != nullptr ? hand_ : oldest_;
  // The first round clears every bit, so the second one finds a link.
  for (std::size_t steps = 2 * size_; steps > 0; --steps) {
    if (at != keep) {
      Node& node = *at->owner;
      const Part part = node.part_of(*at);
      if (!node.visited(part) || node.answer(part)->expires_at() < useless_before) {
        hand_ = at;
        return at;
      }
      node.set_visited(part, false);
    }
    at = at->newer != nullptr ? at->newer : oldest_;
  }
  return nullptr;
}

}  // namespace nld::cache
