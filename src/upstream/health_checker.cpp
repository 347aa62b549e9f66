// One check: a small query, any answer counts.
#include "upstream/health_checker.hpp"

#include <array>
#include <boost/asio/post.hpp>

#include "dns/builder.hpp"
#include "runtime/task.hpp"

namespace nld::upstream {

namespace asio = boost::asio;

namespace {

constexpr metrics::Registry::Family kForwardFailures{"coredns_forward_healthcheck_failures_total",
                                                     "Counter of the number of failed healthchecks."};
constexpr metrics::Registry::Family kProxyFailures{"coredns_proxy_healthcheck_failures_total",
                                                   "Counter of the number of failed healthchecks."};

}  // namespace

void HealthChecker::start(std::shared_ptr<UpstreamHealth> health) {
  asio::post(*loop_, [self = shared_from_this(), health = std::move(health)]() mutable {
    self->spawn(std::move(health));
  });
}

void HealthChecker::spawn(std::shared_ptr<UpstreamHealth> health) {
  if (stopped_) return;
  runtime::start(check(shared_from_this(), std::move(health)));
}

runtime::Task<void> HealthChecker::check(std::shared_ptr<HealthChecker> self,
                                         std::shared_ptr<UpstreamHealth> health) {
  const HealthOptions& options = health->options();
  TransportOptions transport;
  transport.source = options.source;
  transport.tls = options.tls;
  const std::shared_ptr<Exchanger> exchanger = self->transports_->get(health->address(), transport);

  std::array<std::uint8_t, dns::kPlainUdpSize> buffer{};
  dns::MessageBuilder builder(buffer);
  builder.set_flags(options.recursion_desired ? dns::flag::RD : 0);
  builder.add_question(options.domain.wire(), dns::RRType::NS, dns::RRClass::IN);
  const Question question{builder.message(), options.domain.wire(), dns::RRType::NS, dns::RRClass::IN};
  const runtime::TimePoint deadline = self->clock_->now() + (options.tls ? kTlsTimeout : kTimeout);
  const ExchangeResult result = co_await exchanger->exchange(question, options.protocol, deadline);

  // Whatever came back, somebody is there.
  if (result || result.error().kind == ExchangeError::Kind::malformed) {
    health->fails_.store(0, std::memory_order_relaxed);
    self->tell_of_trust(*health);
    health->checking_.store(false);
    co_return;
  }
  if (result.error().kind == ExchangeError::Kind::handshake) self->tell_of_distrust(*health, result.error());
  // Our own lack of descriptors says nothing about the upstream.
  if (result.error().kind != ExchangeError::Kind::local) {
    health->fails_.fetch_add(1, std::memory_order_relaxed);
    self->count_failure(*health);
  }
  self->again_later(health);
}

void HealthChecker::again_later(const std::shared_ptr<UpstreamHealth>& health) {
  if (stopped_) return;
  // Not held while waiting: an upstream that a reload has removed is checked no more.
  waiting_[health.get()] =
      clock_->after(health->options().interval, [this, key = health.get(), upstream = std::weak_ptr(health)] {
        auto timer = waiting_.extract(key);
        if (auto still_wanted = upstream.lock()) spawn(std::move(still_wanted));
      });
}

void HealthChecker::tell_of_distrust(UpstreamHealth& health, const ExchangeError& error) {
  if (health.distrusted_.exchange(true) || log_ == nullptr) return;
  log_->error("plugin/forward: no TLS with {}{}: {}. Nothing is sent to it; it is tried again and again",
              health.address().to_string(),
              health.options().tls ? " (expected to be " + health.options().tls->name + ")" : "", error.text);
}

void HealthChecker::tell_of_trust(UpstreamHealth& health) {
  if (!health.distrusted_.exchange(false) || log_ == nullptr) return;
  log_->info("plugin/forward: TLS with {} works again", health.address().to_string());
}

void HealthChecker::count_failure(const UpstreamHealth& health) {
  const std::string to = health.address().to_string();
  registry_->counter(kForwardFailures, {{"to", to}}, worker_).add();
  registry_->counter(kProxyFailures, {{"proxy_name", "forward"}, {"to", to}}, worker_).add();
}

}  // namespace nld::upstream
