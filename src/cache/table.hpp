// The answers of one `cache` directive: sharded, bounded by entries and by the process's byte budget.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "cache/answer.hpp"
#include "cache/budget.hpp"
#include "cache/key.hpp"

namespace nld::cache {

/// Upper bounds on entries. `denial` holds negative answers and failures together. 0 stores nothing.
struct Capacity {
  std::size_t success = 9984;
  std::size_t denial = 9984;
};

/// What is stored under one key, at most one answer a part.
struct Found {
  std::array<AnswerPtr, kPartCount> parts;
  [[nodiscard]] const AnswerPtr& operator[](Part part) const noexcept {
    return parts[static_cast<std::size_t>(part)];
  }
};

/// Entries pushed out by a store, by part (failures count as denial).
struct Evicted {
  std::size_t success = 0;
  std::size_t denial = 0;
};

/// Thread-safe. A lookup holds its shard's lock only to find the entry and take a reference; the caller
/// copies the bytes afterwards. Eviction is SIEVE (NSDI '24) per shard and part: a hit sets one bit.
class Table {
 public:
  Table(Capacity capacity, Budget& budget);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  [[nodiscard]] Found find(const Key& key) const noexcept;
  /// The lookup of the hot path: the first answer that `choose(Found-like slots)` would serve, with one
  /// reference taken. Order: a fresh denial, a fresh success, a fresh failure; else null.
  [[nodiscard]] AnswerPtr find_fresh(const Key& key, runtime::TimePoint now) const noexcept;
  /// Stores in the part that the answer's facts name, replacing what was there.
  Evicted store(const Key& key, AnswerPtr answer);
  void erase(const Key& key, Part part) noexcept;
  void clear() noexcept;

  [[nodiscard]] std::size_t entries(Part part) const noexcept;  ///< denial: failures included
  [[nodiscard]] Capacity capacity() const noexcept;
  /// On reload: keeps what fits, evicts the rest.
  void set_capacity(Capacity capacity) noexcept;
  /// Frees at least `octets` if it holds that much; used when another table runs into the budget.
  void shrink(std::size_t octets) noexcept;

 private:
  class Shard;
  static constexpr std::size_t kShards = 64;
  std::unique_ptr<Shard[]> shards_;
  Budget* budget_;
};

}  // namespace nld::cache
