// A shard of a table: a lock, an index of entries and a SIEVE queue for either kind. Private to the cache.
#pragma once

#include <array>
#include <mutex>

#include "cache/index.hpp"
#include "cache/ledger.hpp"
#include "cache/sieve.hpp"
#include "cache/table.hpp"

namespace nld::cache {

// 64: the cache line, so that neighbours' locks do not share one.
class alignas(64) Shard {
 public:
  Found find(const Key& key) noexcept;
  AnswerPtr find_fresh(const Key& key, runtime::TimePoint now) noexcept;

  /// For queries that come soon; see Index. `prefetch_entries` does nothing while somebody else has the lock.
  void prefetch_word(std::uint64_t hash) const noexcept { index_.prefetch_word(hash); }
  void prefetch_entries(std::uint64_t hash) noexcept;

  /// Stores; makes room from this shard alone. False: the capacity is used up and this shard has nothing to
  /// evict; the caller finds a place elsewhere and calls again with `has_place`.
  bool store(AnswerPtr& entry, bool has_place, Ledger& ledger, Evicted& evicted);
  void erase(const Key& key, std::initializer_list<Part> parts, Ledger& ledger) noexcept;
  void clear(Ledger& ledger) noexcept;

  /// Evicts one entry of the queue; its place stays taken (the caller's to use or to give back). False: none.
  bool evict_for_place(Queue queue, Ledger& ledger) noexcept;
  /// Evicts the older of the two queues' victims and gives its place back. Returns octets, 0 when empty.
  std::size_t evict_for_memory(Ledger& ledger, Evicted& evicted) noexcept;

 private:
  // All of these with the lock held.
  void insert(AnswerPtr entry, Ledger& ledger);
  [[nodiscard]] const Answer* older_victim(runtime::TimePoint useless_before, const Answer* keep) noexcept;
  /// As drop, with the place given back and the eviction counted.
  std::size_t evict(const Answer& entry, Ledger& ledger, Evicted& evicted) noexcept;
  /// Takes the entry out; its place in the capacity stays taken. Returns the octets that were counted for it.
  std::size_t drop(const Answer& entry, Ledger& ledger) noexcept;
  [[nodiscard]] Sieve& queue(Queue which) noexcept { return queues_[static_cast<std::size_t>(which)]; }

  std::mutex mutex_;
  Index index_;
  std::array<Sieve, kQueueCount> queues_;
};

}  // namespace nld::cache
