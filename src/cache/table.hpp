// The answers of one `cache` directive: sharded, bounded by entries and by the process's byte budget.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "cache/answer.hpp"
#include "cache/budget.hpp"
#include "cache/key.hpp"
#include "cache/lookahead.hpp"

namespace nld::cache {

/// Upper bounds on entries. `denial` holds negative answers and failures together. 0 stores nothing.
struct Capacity {
  std::size_t success = 9984;
  std::size_t denial = 9984;
  /// How long an expired answer is still of use (serve_stale): one past that is evicted even if popular.
  runtime::Duration stale{};
};

/// What is stored under one key, at most one answer a part.
struct Found {
  std::array<AnswerPtr, kPartCount> parts;
  [[nodiscard]] const AnswerPtr& operator[](Part part) const noexcept {
    return parts[static_cast<std::size_t>(part)];
  }
};

/// Entries pushed out to make room, by part (failures count as denial).
struct Evicted {
  std::size_t success = 0;
  std::size_t denial = 0;
};

class Shard;
class Ledger;

/// Thread-safe. A lookup holds its shard's lock only to find the entry and take a reference; the caller
/// copies the bytes afterwards. Eviction is SIEVE (NSDI '24) per shard and part: a hit sets one bit. All keys
/// of a table come from one KeyHasher. Neither `find` nor `find_fresh` allocates.
class Table final : private Budget::Holder {
 public:
  /// The number of shards follows from the larger capacity and stays: a small table is one queue, exactly
  /// SIEVE. The budget must outlive the table.
  Table(Capacity capacity, Budget& budget);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// All parts, expired or not: for the waiting path. Counts as a visit of each.
  [[nodiscard]] Found find(const Key& key) const noexcept;
  /// The lookup of the hot path, with one reference taken. Order: a fresh denial, a fresh success, a fresh
  /// failure; else null. Counts as a visit of the one returned.
  [[nodiscard]] AnswerPtr find_fresh(const Key& key, runtime::TimePoint now) const noexcept;
  /// Whether the table is so large that lookups wait for memory: then it pays to look ahead.
  [[nodiscard]] bool outgrows_cpu_cache() const noexcept { return memory() > kCpuCache; }

  /// Stores an entry (Answer::entry, in no table yet) in the part that its facts name, replacing what was
  /// there; other parts stay. Stores nothing when the part's capacity is 0 or it takes more than an eighth of
  /// the budget. On return the budget is met (other threads' stores in progress aside). Returns what it
  /// pushed out of this table; what it cost another one is in that table's `evicted`.
  Evicted store(AnswerPtr entry);
  void erase(const Key& key, std::initializer_list<Part> parts) noexcept;
  void clear() noexcept;

  [[nodiscard]] std::size_t entries(Part part) const noexcept;  ///< denial, failure: both together
  [[nodiscard]] std::size_t memory() const noexcept;            ///< octets, as counted in the budget
  /// Since creation, for whatever reason: capacity, budget (other tables' stores too), set_capacity.
  [[nodiscard]] Evicted evicted() const noexcept;
  [[nodiscard]] Capacity capacity() const noexcept;
  /// On reload: keeps what fits, evicts the rest.
  void set_capacity(Capacity capacity) noexcept;
  /// Frees at least `octets` if it holds that much. The budget calls it when any table runs into the limit.
  void shrink(std::size_t octets) noexcept;

 private:
  friend class Lookahead;
  [[nodiscard]] std::size_t shard_of(std::uint64_t hash) const noexcept;
  /// Evicts from shard after shard, `but` left out, while `wanting(octets freed)` says so.
  template <typename Wanting>
  void evict_while(const Wanting& wanting, std::size_t but, Evicted& evicted) noexcept;
  [[nodiscard]] std::size_t held() const noexcept override { return memory(); }
  void give_back(std::size_t octets) noexcept override { shrink(octets); }

  /// Octets: what a core's own cache may have left for a table.
  static constexpr std::size_t kCpuCache = 512 * 1024;
  static constexpr std::size_t kMaxShards = 64;
  static constexpr std::size_t kNoShard = kMaxShards;
  std::unique_ptr<Ledger> ledger_;
  std::size_t shard_mask_;
  std::unique_ptr<Shard[]> shards_;
  std::atomic<std::size_t> next_shard_{0};  // where the last walk over the shards ended
};

}  // namespace nld::cache
