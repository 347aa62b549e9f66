// Tables: choosing the shard, and walks over all shards, one lock at a time.
#include "cache/table.hpp"

#include <algorithm>
#include <bit>

#include "cache/ledger.hpp"
#include "cache/shard.hpp"

namespace nld::cache {
namespace {

// Fewer entries than this in a shard and SIEVE has too little to choose from.
constexpr std::size_t kEntriesPerShard = 64;
// An entry larger than that part of the budget would push out too much at once.
constexpr std::size_t kLargestShareOfBudget = 8;

std::size_t shards_for(Capacity capacity, std::size_t most) noexcept {
  const std::size_t entries = std::max(capacity.success, capacity.denial);
  return std::bit_floor(std::clamp<std::size_t>(entries / kEntriesPerShard, 1, most));
}

}  // namespace

Table::Table(Capacity capacity, Budget& budget)
    : ledger_(std::make_unique<Ledger>(capacity, budget)),
      shard_mask_(shards_for(capacity, kMaxShards) - 1),
      shards_(std::make_unique<Shard[]>(shard_mask_ + 1)) {
  budget.enrol(*this);
}

Table::~Table() {
  ledger_->budget().leave(*this);
  clear();
}

std::size_t Table::shard_of(std::uint64_t hash) const noexcept {
  return hash & shard_mask_;  // the index of the shard uses other bits
}

Found Table::find(const Key& key) const noexcept {
  return shards_[shard_of(key.hash())].find(key);
}

AnswerPtr Table::find_fresh(const Key& key, runtime::TimePoint now) const noexcept {
  return shards_[shard_of(key.hash())].find_fresh(key, now);
}

template <typename Wanting>
void Table::evict_while(const Wanting& wanting, std::size_t but, Evicted& evicted) noexcept {
  if (!wanting(0)) return;
  // Each walk starts one further than the last, so that no shard pays for all.
  std::size_t at = next_shard_.fetch_add(1, std::memory_order_relaxed);
  std::size_t freed = 0;
  for (std::size_t barren = 0; barren <= shard_mask_; ++at) {
    const std::size_t shard = at & shard_mask_;
    const std::size_t octets = shard == but ? 0 : shards_[shard].evict_for_memory(*ledger_, evicted);
    freed += octets;
    if (!wanting(freed)) return;
    barren = octets == 0 ? barren + 1 : 0;  // a whole round without a find: there is nothing more
  }
}

Evicted Table::store(AnswerPtr entry) {
  Evicted evicted;
  Budget& budget = ledger_->budget();
  const Queue queue = queue_of(entry->facts().part);
  if (!ledger_->stores(queue)) return evicted;
  if (entry->memory() > budget.limit() / kLargestShareOfBudget) return evicted;

  const std::size_t own = shard_of(entry->key().hash);
  Shard& shard = shards_[own];
  if (!shard.store(entry, false, *ledger_, evicted)) {
    // The capacity is used up, by other shards only: take a place over from one of them. When all places
    // belong to stores of other threads that are not finished, this answer is not kept.
    const std::size_t start = next_shard_.fetch_add(1, std::memory_order_relaxed);
    for (std::size_t step = 0; step <= shard_mask_; ++step) {
      if (!shards_[(start + step) & shard_mask_].evict_for_place(queue, *ledger_)) continue;
      ++(queue == Queue::success ? evicted.success : evicted.denial);
      shard.store(entry, true, *ledger_, evicted);
      break;
    }
  }
  // The new entry's shard has given all it had: the others, then whoever holds most.
  evict_while([this](std::size_t /*freed*/) { return ledger_->must_shrink(); }, own, evicted);
  if (budget.exceeded()) budget.reclaim();
  return evicted;
}

Lookahead::Lookahead(const Table& table, std::uint64_t hash) noexcept : table_(&table), hash_(hash) {
  table.shards_[table.shard_of(hash)].prefetch_word(hash);
}

void Lookahead::load() const noexcept {
  if (table_ != nullptr) table_->shards_[table_->shard_of(hash_)].prefetch_entries(hash_);
}

void Table::erase(const Key& key, std::initializer_list<Part> parts) noexcept {
  shards_[shard_of(key.hash())].erase(key, parts, *ledger_);
}

void Table::clear() noexcept {
  for (std::size_t at = 0; at <= shard_mask_; ++at) shards_[at].clear(*ledger_);
}

std::size_t Table::entries(Part part) const noexcept {
  return ledger_->entries(queue_of(part));
}

std::size_t Table::memory() const noexcept {
  return ledger_->octets();
}

Evicted Table::evicted() const noexcept {
  return ledger_->evicted();
}

Capacity Table::capacity() const noexcept {
  return ledger_->capacity();
}

void Table::set_capacity(Capacity capacity) noexcept {
  ledger_->set_capacity(capacity);
  for (const Queue queue : {Queue::success, Queue::denial}) {
    // One from each shard in turn keeps the shards even. A round that finds nothing ends it: what is left
    // are places of stores in progress.
    bool found = true;
    while (found && ledger_->overfull(queue)) {
      found = false;
      for (std::size_t at = 0; at <= shard_mask_ && ledger_->overfull(queue); ++at) {
        if (!shards_[at].evict_for_place(queue, *ledger_)) continue;
        ledger_->give_place_back(queue);
        found = true;
      }
    }
  }
}

void Table::shrink(std::size_t octets) noexcept {
  Evicted evicted;
  evict_while([octets](std::size_t freed) { return freed < octets; }, kNoShard, evicted);
}

}  // namespace nld::cache
