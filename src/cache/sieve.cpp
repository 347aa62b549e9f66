// SIEVE: insertion, removal, the walk of the hand.
#include "cache/sieve.hpp"

namespace nld::cache {

void Sieve::insert(const Answer& entry) noexcept {
  entry.place() = {.newer = nullptr, .older = newest_};
  (newest_ != nullptr ? newest_->place().newer : oldest_) = &entry;
  newest_ = &entry;
  ++size_;
}

void Sieve::relink(const Answer::Place& place, const Answer* to_newer, const Answer* to_older) noexcept {
  (place.newer != nullptr ? place.newer->place().older : newest_) = to_older;
  (place.older != nullptr ? place.older->place().newer : oldest_) = to_newer;
}

void Sieve::replace(const Answer& old, const Answer& fresh) noexcept {
  fresh.place() = old.place();
  relink(old.place(), &fresh, &fresh);
  if (hand_ == &old) hand_ = &fresh;
  old.place() = {};
}

void Sieve::remove(const Answer& entry) noexcept {
  Answer::Place& place = entry.place();
  if (hand_ == &entry) hand_ = place.newer;
  relink(place, place.newer, place.older);
  place = {};
  --size_;
}

const Answer* Sieve::victim(runtime::TimePoint useless_before, const Answer* keep) noexcept {
  const Answer* at = hand_ != nullptr ? hand_ : oldest_;
  // The first round clears every mark, so the second one finds an entry.
  for (std::size_t steps = 2 * size_; steps > 0; --steps) {
    if (at != keep) {
      if (!at->place().visited || at->expires_at() < useless_before) {
        hand_ = at;
        return at;
      }
      at->place().visited = false;
    }
    at = at->place().newer != nullptr ? at->place().newer : oldest_;
  }
  return nullptr;
}

}  // namespace nld::cache
