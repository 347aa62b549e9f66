// Asks a failing upstream again and again until it answers (CoreDNS's in-band health check).
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>

#include "metrics/registry.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"
#include "upstream/health.hpp"

namespace nld::upstream {

/// Lives on the control thread's loop; only `start` and `tell_of_distrust` may be called from elsewhere.
class HealthChecker : public std::enable_shared_from_this<HealthChecker> {
 public:
  HealthChecker(boost::asio::io_context& loop, runtime::Clock& clock, WorkerUpstreams& transports,
                metrics::Registry& registry, std::size_t worker, runtime::Log* log) noexcept
      : loop_(&loop),
        clock_(&clock),
        transports_(&transports),
        registry_(&registry),
        worker_(worker),
        log_(log) {}
  void start(std::shared_ptr<UpstreamHealth> health);
  /// Logs that TLS with it fails, unless that is known.
  void tell_of_distrust(UpstreamHealth& health, const ExchangeError& error);
  /// No check begins any more.
  void stop() noexcept {
    stopped_ = true;
    waiting_.clear();
  }

  static constexpr std::chrono::seconds kTimeout{1};
  static constexpr std::chrono::seconds kTlsTimeout{2};  ///< a handshake takes round trips of its own

 private:
  void spawn(std::shared_ptr<UpstreamHealth> health);
  static runtime::Task<void> check(std::shared_ptr<HealthChecker> self,
                                   std::shared_ptr<UpstreamHealth> health);
  void again_later(const std::shared_ptr<UpstreamHealth>& health);
  void tell_of_trust(UpstreamHealth& health);
  void count_failure(const UpstreamHealth& health);

  boost::asio::io_context* loop_;
  runtime::Clock* clock_;
  WorkerUpstreams* transports_;
  metrics::Registry* registry_;
  std::size_t worker_;
  runtime::Log* log_;
  std::map<const UpstreamHealth*, runtime::Timer> waiting_;
  bool stopped_ = false;
};

}  // namespace nld::upstream
