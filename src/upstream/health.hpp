// Whether upstreams are up: state that all workers share, and the checks that run only while one fails.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "dns/name.hpp"
#include "metrics/registry.hpp"
#include "runtime/clock.hpp"
#include "runtime/logging.hpp"
#include "upstream/exchange.hpp"
#include "upstream/worker_upstreams.hpp"

namespace nld::upstream {

struct HealthOptions {
  std::uint32_t max_fails = 2;  ///< failed checks in a row that make it down; 0: never down, never checked
  std::chrono::milliseconds interval{500};
  bool recursion_desired = true;
  dns::Name domain;
  Protocol protocol = Protocol::udp;
  std::optional<runtime::SocketAddress> source;
  std::optional<tls::Peer> tls{};
  friend auto operator<=>(const HealthOptions&, const HealthOptions&) = default;
};

class HealthChecker;

/// Thread-safe.
class UpstreamHealth : public std::enable_shared_from_this<UpstreamHealth> {
 public:
  UpstreamHealth(const runtime::SocketAddress& address, HealthOptions options,
                 std::weak_ptr<HealthChecker> checker)
      : address_(address), options_(std::move(options)), checker_(std::move(checker)) {}

  [[nodiscard]] bool down() const noexcept {
    return options_.max_fails != 0 && fails() >= options_.max_fails;
  }
  /// Failed checks in a row.
  [[nodiscard]] std::uint32_t fails() const noexcept { return fails_.load(std::memory_order_relaxed); }
  /// An exchange failed: starts checking, unless that goes on already. Does not mark it down by itself. The
  /// first failed handshake since the last good check goes to the log: a certificate does not mend itself.
  void report_failure(const ExchangeError& error);

  [[nodiscard]] const runtime::SocketAddress& address() const noexcept { return address_; }
  [[nodiscard]] const HealthOptions& options() const noexcept { return options_; }

 private:
  friend class HealthChecker;
  runtime::SocketAddress address_;
  HealthOptions options_;
  std::weak_ptr<HealthChecker> checker_;
  std::atomic<std::uint32_t> fails_{0};
  std::atomic<bool> checking_{false};
  std::atomic<bool> distrusted_{false};  // and the log knows
};

/// Finds the state of an upstream again after a reload, when its options are the same. Belongs to the control
/// thread; its loop must outlive the workers.
class HealthRegistry {
 public:
  /// `worker`: the index under which the control thread writes metrics, no worker's own. `log` may be null.
  HealthRegistry(boost::asio::io_context& loop, runtime::Clock& clock, WorkerUpstreams& transports,
                 metrics::Registry& registry, std::size_t worker, runtime::Log* log = nullptr);
  HealthRegistry(const HealthRegistry&) = delete;
  HealthRegistry& operator=(const HealthRegistry&) = delete;
  ~HealthRegistry();

  std::shared_ptr<UpstreamHealth> get(const runtime::SocketAddress& address, const HealthOptions& options);
  /// No check begins any more: one that began after the last turn of the loop would never end.
  void stop() noexcept;

 private:
  std::shared_ptr<HealthChecker> checker_;
  std::map<std::pair<runtime::SocketAddress, HealthOptions>, std::weak_ptr<UpstreamHealth>> known_;
};

}  // namespace nld::upstream
