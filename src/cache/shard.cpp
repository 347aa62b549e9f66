// Shards: lookups and stores under one lock.
#include "cache/shard.hpp"

#include <algorithm>
#include <utility>

namespace nld::cache {
namespace {

constexpr std::array kAllParts{Part::success, Part::denial, Part::failure};
constexpr std::array kServingOrder{Part::denial, Part::success, Part::failure};

}  // namespace

Node* Shard::lookup(const Key& key) noexcept {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : found->get();
}

Found Shard::find(const Key& key) noexcept {
  Found found;
  const std::lock_guard lock(mutex_);
  if (Node* node = lookup(key)) {
    for (const Part part : kAllParts) {
      found.parts[static_cast<std::size_t>(part)] = node->answer(part);
      node->set_visited(part, node->answer(part) != nullptr);
    }
  }
  return found;
}

AnswerPtr Shard::find_fresh(const Key& key, runtime::TimePoint now) noexcept {
  const std::lock_guard lock(mutex_);
  if (Node* node = lookup(key)) {
    for (const Part part : kServingOrder) {
      const AnswerPtr& answer = node->answer(part);
      if (!answer) continue;
      answer->prefetch();
      if (answer->fresh_at(now)) {
        node->set_visited(part, true);
        return answer;
      }
    }
  }
  return {};
}

bool Shard::store(const Key& key, AnswerPtr& answer, bool has_place, Ledger& ledger, Evicted& evicted) {
  const Part part = answer->facts().part;
  const Queue kind = queue_of(part);
  const auto useless_before = answer->facts().stored_at - ledger.stale();

  AnswerPtr replaced;  // outlives the lock: freed after it
  const std::lock_guard lock(mutex_);
  Node* node = lookup(key);
  if (node != nullptr && node->answer(part)) {
    if (has_place) ledger.give_place_back(kind);
    ledger.charge(answer->memory());
    replaced = std::exchange(node->answer(part), std::move(answer));
    ledger.discharge(replaced->memory());
  } else {
    if (!has_place && !ledger.take_place(kind)) {
      Link* const victim = queue(kind).victim(useless_before, nullptr);
      if (victim == nullptr) return false;
      const bool same_node = victim->owner == node;
      drop(*victim, ledger);
      ledger.count_eviction(kind);
      ++(kind == Queue::success ? evicted.success : evicted.denial);
      if (same_node) node = lookup(key);  // gone when the victim was all it held
    }
    if (node == nullptr) {
      node = index_.insert(Node::make(key)).first->get();
      ledger.charge(node->memory());
    }
    ledger.charge(answer->memory());
    node->answer(part) = std::move(answer);
    node->set_visited(part, false);
    queue(kind).insert(node->link(part));
    // The capacity may have shrunk since the place was taken; set_capacity counts on this.
    while (ledger.overfull(kind)) {
      Link* const victim = queue(kind).victim(useless_before, &node->link(part));
      if (victim == nullptr) {
        drop(node->link(part), ledger);
        ledger.give_place_back(kind);
        return true;
      }
      evict(*victim, ledger, evicted);
    }
  }

  while (ledger.must_shrink()) {
    Link* const victim = older_victim(useless_before, &node->link(part));
    if (victim == nullptr) break;
    evict(*victim, ledger, evicted);
  }
  return true;
}

void Shard::erase(const Key& key, std::initializer_list<Part> parts, Ledger& ledger) noexcept {
  const std::lock_guard lock(mutex_);
  Node* node = lookup(key);
  for (const Part part : parts) {
    if (node == nullptr || !node->answer(part)) continue;
    const auto held =
        std::ranges::count_if(kAllParts, [&](Part each) { return node->answer(each) != nullptr; });
    drop(node->link(part), ledger);
    ledger.give_place_back(queue_of(part));
    if (held == 1) node = nullptr;  // gone with it
  }
}

void Shard::clear(Ledger& ledger) noexcept {
  const std::lock_guard lock(mutex_);
  for (const Queue kind : {Queue::success, Queue::denial}) {
    while (Link* const link = queue(kind).oldest()) {
      drop(*link, ledger);
      ledger.give_place_back(kind);
    }
  }
}

bool Shard::evict_for_place(Queue kind, Ledger& ledger) noexcept {
  const std::lock_guard lock(mutex_);
  Link* const victim = queue(kind).victim(runtime::TimePoint::min(), nullptr);
  if (victim == nullptr) return false;
  drop(*victim, ledger);
  ledger.count_eviction(kind);
  return true;
}

std::size_t Shard::evict_for_memory(Ledger& ledger, Evicted& evicted) noexcept {
  const std::lock_guard lock(mutex_);
  Link* const victim = older_victim(runtime::TimePoint::min(), nullptr);
  if (victim == nullptr) return 0;
  return evict(*victim, ledger, evicted);
}

Link* Shard::older_victim(runtime::TimePoint useless_before, const Link* keep) noexcept {
  Link* const success = queue(Queue::success).victim(useless_before, keep);
  Link* const denial = queue(Queue::denial).victim(useless_before, keep);
  if (success == nullptr || denial == nullptr) return success != nullptr ? success : denial;
  const auto stored_at = [](const Link& link) {
    return link.owner->answer(link.owner->part_of(link))->facts().stored_at;
  };
  return stored_at(*success) < stored_at(*denial) ? success : denial;
}

std::size_t Shard::evict(Link& link, Ledger& ledger, Evicted& evicted) noexcept {
  const Queue kind = queue_of(link.owner->part_of(link));
  ledger.count_eviction(kind);
  ++(kind == Queue::success ? evicted.success : evicted.denial);
  const std::size_t octets = drop(link, ledger);
  ledger.give_place_back(kind);
  return octets;
}

std::size_t Shard::drop(Link& link, Ledger& ledger) noexcept {
  Node& node = *link.owner;
  const Part part = node.part_of(link);
  queue(queue_of(part)).remove(link);
  std::size_t octets = node.answer(part)->memory();
  node.answer(part).reset();
  node.set_visited(part, false);
  if (node.empty()) {
    octets += node.memory();
    index_.erase(index_.find(&node));
  }
  ledger.discharge(octets);
  return octets;
}

}  // namespace nld::cache
