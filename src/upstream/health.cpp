// Shared state of upstreams, found again by address and options.
#include "upstream/health.hpp"

#include "upstream/health_checker.hpp"

namespace nld::upstream {

void UpstreamHealth::report_failure(const ExchangeError& error) {
  if (error.kind == ExchangeError::Kind::handshake) {
    if (const auto checker = checker_.lock()) checker->tell_of_distrust(*this, error);
  }
  if (options_.max_fails == 0 || checking_.exchange(true)) return;
  if (const auto checker = checker_.lock()) checker->start(shared_from_this());
}

HealthRegistry::HealthRegistry(boost::asio::io_context& loop, runtime::Clock& clock,
                               WorkerUpstreams& transports, metrics::Registry& registry, std::size_t worker,
                               runtime::Log* log)
    : checker_(std::make_shared<HealthChecker>(loop, clock, transports, registry, worker, log)) {}

HealthRegistry::~HealthRegistry() {
  stop();
}

void HealthRegistry::stop() noexcept {
  checker_->stop();
}

std::shared_ptr<UpstreamHealth> HealthRegistry::get(const runtime::SocketAddress& address,
                                                    const HealthOptions& options) {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = known_[{address, options}];
  auto health = known.lock();
  if (!health) {
    health = std::make_shared<UpstreamHealth>(address, options, checker_);
    known = health;
  }
  return health;
}

}  // namespace nld::upstream
