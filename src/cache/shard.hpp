// A shard of a table: a lock, an index of nodes and a SIEVE queue for either kind. Private to the cache.
#pragma once

#include <array>
#include <mutex>

#include "cache/ledger.hpp"
#include "cache/node.hpp"
#include "cache/sieve.hpp"
#include "cache/table.hpp"

namespace nld::cache {

// 64: the cache line, so that neighbours' locks do not share one.
class alignas(64) Shard {
 public:
  Found find(const Key& key) noexcept;
  AnswerPtr find_fresh(const Key& key, runtime::TimePoint now) noexcept;

  /// Stores; makes room from this shard alone. False: the capacity is used up and this shard has nothing to
  /// evict; the caller finds a place elsewhere and calls again with `has_place`.
  bool store(const Key& key, AnswerPtr& answer, bool has_place, Ledger& ledger, Evicted& evicted);
  void erase(const Key& key, std::initializer_list<Part> parts, Ledger& ledger) noexcept;
  void clear(Ledger& ledger) noexcept;

  /// Evicts one entry of the queue; its place stays taken (the caller's to use or to give back). False: none.
  bool evict_for_place(Queue queue, Ledger& ledger) noexcept;
  /// Evicts the older of the two queues' victims and gives its place back. Returns octets, 0 when empty.
  std::size_t evict_for_memory(Ledger& ledger, Evicted& evicted) noexcept;

 private:
  // All of these with the lock held.
  [[nodiscard]] Node* lookup(const Key& key) noexcept;
  [[nodiscard]] Link* older_victim(runtime::TimePoint useless_before, const Link* keep) noexcept;
  /// As drop, with the place given back and the eviction counted.
  std::size_t evict(Link& link, Ledger& ledger, Evicted& evicted) noexcept;
  /// Takes the entry out; its place stays taken. Returns the octets that were counted for it.
  std::size_t drop(Link& link, Ledger& ledger) noexcept;
  [[nodiscard]] Sieve& queue(Queue which) noexcept { return queues_[static_cast<std::size_t>(which)]; }

  std::mutex mutex_;
  NodeIndex index_;
  std::array<Sieve, kQueueCount> queues_;
};

}  // namespace nld::cache
