// Shards: lookups and stores under one lock.
#include "cache/shard.hpp"

#include <new>
#include <utility>

namespace nld::cache {
namespace {

constexpr std::array kServingOrder{Part::denial, Part::success, Part::failure};

}  // namespace

Found Shard::find(const Key& key) noexcept {
  Found found;
  const std::lock_guard lock(mutex_);
  const Parts parts = index_.find(key.view());
  for (std::size_t part = 0; part < kPartCount; ++part) {
    if (parts[part] == nullptr) continue;
    found.parts[part] = parts[part];
    parts[part]->place().visited = true;
  }
  return found;
}

AnswerPtr Shard::find_fresh(const Key& key, runtime::TimePoint now) noexcept {
  const std::lock_guard lock(mutex_);
  const Parts parts = index_.find(key.view());
  for (const Part part : kServingOrder) {
    const Answer* entry = parts[static_cast<std::size_t>(part)];
    if (entry == nullptr || !entry->fresh_at(now)) continue;
    entry->place().visited = true;
    return entry;
  }
  return {};
}

void Shard::prefetch_entries(std::uint64_t hash) noexcept {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock) index_.prefetch_entries(hash);
}

bool Shard::store(AnswerPtr& entry, bool has_place, Ledger& ledger, Evicted& evicted) {
  const Part part = entry->facts().part;
  const Queue kind = queue_of(part);
  const auto useless_before = entry->facts().stored_at - ledger.stale();
  const Answer* const stored = entry.get();

  AnswerPtr replaced;  // outlives the lock: freed after it
  const std::lock_guard lock(mutex_);
  if (const Answer* old = index_.find(stored->key())[static_cast<std::size_t>(part)]) {
    if (has_place) ledger.give_place_back(kind);
    ledger.charge(stored->memory());
    ledger.discharge(old->memory());
    queue(kind).replace(*old, *stored);
    replaced = index_.replace(*old, std::move(entry));
  } else {
    if (!has_place && !ledger.take_place(kind)) {
      const Answer* const victim = queue(kind).victim(useless_before, nullptr);
      if (victim == nullptr) return false;
      drop(*victim, ledger);
      ledger.count_eviction(kind);
      ++(kind == Queue::success ? evicted.success : evicted.denial);
    }
    try {
      insert(std::move(entry), ledger);
    } catch (const std::bad_alloc&) {
      ledger.give_place_back(kind);
      throw;
    }
    // The capacity may have shrunk since the place was taken; set_capacity counts on this.
    while (ledger.overfull(kind)) {
      const Answer* const victim = queue(kind).victim(useless_before, stored);
      if (victim == nullptr) {
        drop(*stored, ledger);
        ledger.give_place_back(kind);
        return true;
      }
      evict(*victim, ledger, evicted);
    }
  }

  while (ledger.must_shrink()) {
    const Answer* const victim = older_victim(useless_before, stored);
    if (victim == nullptr) break;
    evict(*victim, ledger, evicted);
  }
  return true;
}

void Shard::insert(AnswerPtr entry, Ledger& ledger) {
  const Answer& stored = *entry;
  const std::size_t before = index_.memory();
  index_.insert(std::move(entry));
  ledger.charge(stored.memory() + index_.memory() - before);
  queue(queue_of(stored.facts().part)).insert(stored);
}

void Shard::erase(const Key& key, std::initializer_list<Part> parts, Ledger& ledger) noexcept {
  const std::lock_guard lock(mutex_);
  const Parts found = index_.find(key.view());
  for (const Part part : parts) {
    const Answer* entry = found[static_cast<std::size_t>(part)];
    if (entry == nullptr) continue;
    drop(*entry, ledger);
    ledger.give_place_back(queue_of(part));
  }
}

void Shard::clear(Ledger& ledger) noexcept {
  const std::lock_guard lock(mutex_);
  for (const Queue kind : {Queue::success, Queue::denial}) {
    while (const Answer* const entry = queue(kind).oldest()) {
      drop(*entry, ledger);
      ledger.give_place_back(kind);
    }
  }
}

bool Shard::evict_for_place(Queue kind, Ledger& ledger) noexcept {
  const std::lock_guard lock(mutex_);
  const Answer* const victim = queue(kind).victim(runtime::TimePoint::min(), nullptr);
  if (victim == nullptr) return false;
  drop(*victim, ledger);
  ledger.count_eviction(kind);
  return true;
}

std::size_t Shard::evict_for_memory(Ledger& ledger, Evicted& evicted) noexcept {
  const std::lock_guard lock(mutex_);
  const Answer* const victim = older_victim(runtime::TimePoint::min(), nullptr);
  if (victim == nullptr) return 0;
  return evict(*victim, ledger, evicted);
}

const Answer* Shard::older_victim(runtime::TimePoint useless_before, const Answer* keep) noexcept {
  const Answer* const success = queue(Queue::success).victim(useless_before, keep);
  const Answer* const denial = queue(Queue::denial).victim(useless_before, keep);
  if (success == nullptr || denial == nullptr) return success != nullptr ? success : denial;
  return success->facts().stored_at < denial->facts().stored_at ? success : denial;
}

std::size_t Shard::evict(const Answer& entry, Ledger& ledger, Evicted& evicted) noexcept {
  const Queue kind = queue_of(entry.facts().part);
  ledger.count_eviction(kind);
  ++(kind == Queue::success ? evicted.success : evicted.denial);
  const std::size_t octets = drop(entry, ledger);
  ledger.give_place_back(kind);
  return octets;
}

std::size_t Shard::drop(const Answer& entry, Ledger& ledger) noexcept {
  queue(queue_of(entry.facts().part)).remove(entry);
  const std::size_t before = index_.memory();
  const AnswerPtr dropped = index_.remove(entry);
  const std::size_t octets = dropped->memory() + before - index_.memory();
  ledger.discharge(octets);
  return octets;
}

}  // namespace nld::cache
