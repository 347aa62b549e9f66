// Bounded lists under one lock.
#include "agent/journal.hpp"

namespace nld::agent {

void Journal::repaired(const net::Repair& repair) {
  const std::lock_guard lock(mutex_);
  ++repair_count_;
  repairs_.push_back({std::chrono::system_clock::now(), repair});
  if (repairs_.size() > kKept) repairs_.pop_front();
}

void Journal::failover_began(std::string cause, runtime::TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (since_) {
    // A crash loop is one failover; its latest cause is the one to act on.
    failovers_.back().cause = std::move(cause);
    return;
  }
  since_ = now;
  failovers_.push_back({std::move(cause), std::chrono::system_clock::now(), std::nullopt});
  if (failovers_.size() > kKept) failovers_.pop_front();
}

void Journal::failover_ended(runtime::TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (!since_) return;
  total_ += now - *since_;
  failovers_.back().lasted = std::chrono::duration_cast<std::chrono::milliseconds>(now - *since_);
  since_.reset();
}

std::vector<RepairRecord> Journal::repairs() const {
  const std::lock_guard lock(mutex_);
  return {repairs_.begin(), repairs_.end()};
}

std::vector<Failover> Journal::failovers() const {
  const std::lock_guard lock(mutex_);
  return {failovers_.begin(), failovers_.end()};
}

std::uint64_t Journal::repair_count() const {
  const std::lock_guard lock(mutex_);
  return repair_count_;
}

runtime::Duration Journal::fallback_time(runtime::TimePoint now) const {
  const std::lock_guard lock(mutex_);
  return since_ ? total_ + (now - *since_) : total_;
}

bool Journal::on_fallback() const {
  const std::lock_guard lock(mutex_);
  return since_.has_value();
}

}  // namespace nld::agent
