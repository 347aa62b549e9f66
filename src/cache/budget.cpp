// Sharing the byte budget between the caches.
#include "cache/budget.hpp"

#include <algorithm>

namespace nld::cache {

std::size_t Budget::fair_share() const noexcept {
  return limit_ / std::max<std::size_t>(holder_count_.load(std::memory_order_relaxed), 1);
}

void Budget::enrol(Holder& holder) {
  const std::lock_guard lock(mutex_);
  holders_.push_back(&holder);
  holder_count_.store(holders_.size(), std::memory_order_relaxed);
}

void Budget::leave(Holder& holder) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase(holders_, &holder);
  holder_count_.store(holders_.size(), std::memory_order_relaxed);
}

void Budget::reclaim() noexcept {
  const std::lock_guard lock(mutex_);
  // Each round empties the excess or the largest holder, so a round a holder is enough.
  for (std::size_t round = 0; round < holders_.size(); ++round) {
    const std::size_t now_used = used();
    if (now_used <= limit_) return;
    const auto largest =
        std::ranges::max_element(holders_, {}, [](const Holder* holder) { return holder->held(); });
    (*largest)->give_back(now_used - limit_);
  }
}

}  // namespace nld::cache
