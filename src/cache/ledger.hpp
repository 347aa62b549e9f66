// What a table holds in all: entries against their capacity, octets against the budget. Private to the cache.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "cache/answer.hpp"
#include "cache/budget.hpp"
#include "cache/table.hpp"

namespace nld::cache {

/// The two kinds of entries that have a capacity each; each shard has a queue of either.
enum class Queue : std::uint8_t { success, denial };
constexpr std::size_t kQueueCount = 2;
constexpr Queue queue_of(Part part) noexcept {
  return part == Part::success ? Queue::success : Queue::denial;
}

/// Thread-safe; one a table, shared by its shards. An entry takes a place before it is stored and gives it
/// back after it is gone (or hands it over to the entry that pushed it out), so the count never exceeds the
/// capacity.
class Ledger {
 public:
  Ledger(Capacity capacity, Budget& budget) noexcept : budget_(budget) { set_capacity(capacity); }

  [[nodiscard]] Capacity capacity() const noexcept {
    return {.success = of(Queue::success).capacity.load(std::memory_order_relaxed),
            .denial = of(Queue::denial).capacity.load(std::memory_order_relaxed),
            .stale = runtime::Duration(stale_.load(std::memory_order_relaxed))};
  }
  void set_capacity(Capacity capacity) noexcept {
    of(Queue::success).capacity.store(capacity.success, std::memory_order_relaxed);
    of(Queue::denial).capacity.store(capacity.denial, std::memory_order_relaxed);
    stale_.store(capacity.stale.count(), std::memory_order_relaxed);
  }
  [[nodiscard]] runtime::Duration stale() const noexcept {
    return runtime::Duration(stale_.load(std::memory_order_relaxed));
  }

  /// Takes a place; false when there is none.
  [[nodiscard]] bool take_place(Queue queue) noexcept {
    auto& [capacity, entries, evicted] = of(queue);
    std::size_t count = entries.load(std::memory_order_relaxed);
    while (count < capacity.load(std::memory_order_relaxed))
      if (entries.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) return true;
    return false;
  }
  void give_place_back(Queue queue) noexcept { of(queue).entries.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] bool overfull(Queue queue) const noexcept {
    return entries(queue) > of(queue).capacity.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool stores(Queue queue) const noexcept {
    return of(queue).capacity.load(std::memory_order_relaxed) > 0;
  }
  [[nodiscard]] std::size_t entries(Queue queue) const noexcept {
    return of(queue).entries.load(std::memory_order_relaxed);
  }

  void count_eviction(Queue queue) noexcept { of(queue).evicted.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] Evicted evicted() const noexcept {
    return {.success = of(Queue::success).evicted.load(std::memory_order_relaxed),
            .denial = of(Queue::denial).evicted.load(std::memory_order_relaxed)};
  }

  void charge(std::size_t octets) noexcept {
    octets_.fetch_add(octets, std::memory_order_relaxed);
    budget_.add(octets);
  }
  void discharge(std::size_t octets) noexcept {
    octets_.fetch_sub(octets, std::memory_order_relaxed);
    budget_.remove(octets);
  }
  [[nodiscard]] std::size_t octets() const noexcept { return octets_.load(std::memory_order_relaxed); }
  /// True when this table is the one to free memory: the budget is exceeded and it holds its share or more.
  [[nodiscard]] bool must_shrink() const noexcept {
    return budget_.exceeded() && octets() >= budget_.fair_share();
  }
  [[nodiscard]] Budget& budget() const noexcept { return budget_; }

 private:
  struct Count {
    std::atomic<std::size_t> capacity{0};
    std::atomic<std::size_t> entries{0};
    std::atomic<std::size_t> evicted{0};
  };
  [[nodiscard]] Count& of(Queue queue) noexcept { return counts_[static_cast<std::size_t>(queue)]; }
  [[nodiscard]] const Count& of(Queue queue) const noexcept {
    return counts_[static_cast<std::size_t>(queue)];
  }

  std::array<Count, kQueueCount> counts_;
  std::atomic<runtime::Duration::rep> stale_{0};
  std::atomic<std::size_t> octets_{0};
  Budget& budget_;
};

}  // namespace nld::cache
