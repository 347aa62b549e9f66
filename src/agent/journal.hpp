// What happened lately: repairs and failovers, for `status`.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/repair.hpp"
#include "runtime/clock.hpp"

namespace nld::agent {

using WallTime = std::chrono::system_clock::time_point;

struct RepairRecord {
  WallTime when;
  net::Repair repair;
};

/// A time in which the local server did not answer and packets went to the cluster DNS.
struct Failover {
  std::string cause;  ///< "killed by signal 9", "hung: no answer for 1000 ms"
  WallTime began;
  std::optional<std::chrono::milliseconds> lasted;  ///< nothing: still going on
};

/// Keeps the last 32 of each. Any thread.
class Journal {
 public:
  void repaired(const net::Repair& repair);
  /// A second beginning within one failover adds its cause to the first.
  void failover_began(std::string cause, runtime::TimePoint now);
  void failover_ended(runtime::TimePoint now);

  [[nodiscard]] std::vector<RepairRecord> repairs() const;  ///< oldest first
  [[nodiscard]] std::vector<Failover> failovers() const;    ///< oldest first
  [[nodiscard]] std::uint64_t repair_count() const;
  /// Time on the fallback since the start, the current one included.
  [[nodiscard]] runtime::Duration fallback_time(runtime::TimePoint now) const;
  [[nodiscard]] bool on_fallback() const;

 private:
  static constexpr std::size_t kKept = 32;
  mutable std::mutex mutex_;
  std::deque<RepairRecord> repairs_;
  std::deque<Failover> failovers_;
  std::uint64_t repair_count_ = 0;
  std::optional<runtime::TimePoint> since_;
  runtime::Duration total_{};
};

}  // namespace nld::agent
