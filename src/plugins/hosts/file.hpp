// A hosts file that is read again when it changes, and the table that workers see.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "plugins/hosts/config.hpp"
#include "plugins/hosts/table.hpp"
#include "runtime/clock.hpp"
#include "runtime/logging.hpp"

namespace nld::plugins {

/// Of one server block, shared by the workers. Read by one thread (the control thread), looked up by all.
class HostsFile {
 public:
  /// Reads the file for the first time; one that cannot be read has no entries.
  explicit HostsFile(const HostsConfig& config);

  /// Reads the file again when its time or size has changed; true: there is a new table. A file that is gone
  /// keeps its entries (as CoreDNS), so that a moment without it costs nobody an answer.
  bool refresh();

  [[nodiscard]] std::shared_ptr<const HostsTable> table() const;
  /// Changes with the table: workers look at it for each query, and at the table when it has changed.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
  /// The file's time of change when it was read, in seconds since 1970; 0: it has not been read.
  [[nodiscard]] double changed_at() const noexcept { return changed_at_.load(std::memory_order_relaxed); }
  [[nodiscard]] const HostsConfig& config() const noexcept { return config_; }

 private:
  struct Stamp {
    std::filesystem::file_time_type time;
    std::uintmax_t size = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  [[nodiscard]] std::optional<Stamp> look() const;
  void publish(std::string_view text);

  HostsConfig config_;
  std::optional<Stamp> read_;
  mutable std::mutex mutex_;
  std::shared_ptr<const HostsTable> table_;  ///< under the mutex
  std::atomic<std::uint64_t> version_{0};
  std::atomic<double> changed_at_{0};
};

/// Has the file looked at every `reload`, on the loop of `clock`, off the path of queries.
class HostsWatch {
 public:
  HostsWatch(std::shared_ptr<HostsFile> file, runtime::Clock& clock, runtime::Log& log);
  HostsWatch(const HostsWatch&) = delete;
  HostsWatch& operator=(const HostsWatch&) = delete;
  ~HostsWatch() = default;

 private:
  void arm();

  std::shared_ptr<HostsFile> file_;
  runtime::Clock& clock_;
  runtime::Log& log_;
  runtime::Timer timer_;
};

}  // namespace nld::plugins
