// Names and help of the series of `forward`.
#include "plugins/forward/metrics.hpp"

#include <algorithm>
#include <chrono>

namespace nld::plugins {
namespace {

using Family = metrics::Registry::Family;
constexpr Family kRequests{"coredns_forward_requests_total", "Counter of requests made per upstream."};
constexpr Family kResponses{"coredns_forward_responses_total", "Counter of responses received per upstream."};
constexpr Family kForwardDuration{"coredns_forward_request_duration_seconds",
                                  "Histogram of the time each request took."};
constexpr Family kProxyDuration{"coredns_proxy_request_duration_seconds",
                                "Histogram of the time each request took."};
constexpr Family kBroken{"coredns_forward_healthcheck_broken_total",
                         "Counter of the number of complete failures of the healthchecks."};
constexpr Family kRejects{
    "coredns_forward_max_concurrent_rejects_total",
    "Counter of the number of queries rejected because the concurrent queries were at maximum."};

}  // namespace

UpstreamMetrics::UpstreamMetrics(metrics::Registry& registry, std::string to, std::size_t worker)
    : registry_(&registry),
      to_(std::move(to)),
      worker_(worker),
      requests_(&registry.counter(kRequests, {{"to", to_}}, worker)) {}

void UpstreamMetrics::answered(dns::Rcode rcode, runtime::Duration duration) {
  const std::size_t slot = std::min<std::size_t>(static_cast<std::size_t>(rcode), kRcodes);
  ByRcode& series = by_rcode_[slot];
  if (series.responses == nullptr) {
    const std::string_view known = dns::mnemonic(rcode);
    if (slot == kRcodes) {
      series = make("other");
    } else {
      series = make(known.empty() ? std::to_string(slot) : std::string(known));
    }
  }
  const double seconds = std::chrono::duration<double>(duration).count();
  series.responses->add();
  series.forward_duration->observe(seconds);
  series.proxy_duration->observe(seconds);
}

UpstreamMetrics::ByRcode UpstreamMetrics::make(std::string_view rcode) {
  const metrics::Labels labels{{"to", to_}, {"rcode", std::string(rcode)}};
  const metrics::Labels proxy{{"proxy_name", "forward"}, {"to", to_}, {"rcode", std::string(rcode)}};
  const auto bounds = metrics::forward_buckets();
  return {&registry_->counter(kResponses, labels, worker_),
          &registry_->histogram(kForwardDuration, bounds, labels, worker_),
          &registry_->histogram(kProxyDuration, bounds, proxy, worker_)};
}

ForwardMetrics::ForwardMetrics(metrics::Registry& registry, std::size_t worker)
    : healthcheck_broken(registry.counter(kBroken, {}, worker)),
      max_concurrent_rejects(registry.counter(kRejects, {}, worker)) {}

}  // namespace nld::plugins
