// What forwarding counts: CoreDNS's series of both generations (plugin/forward and plugin/pkg/proxy).
#pragma once

#include <array>
#include <string>

#include "dns/types.hpp"
#include "metrics/registry.hpp"
#include "runtime/clock.hpp"

namespace nld::plugins {

/// One upstream's series, for one worker. Series of a response code are made when it first comes.
class UpstreamMetrics {
 public:
  UpstreamMetrics(metrics::Registry& registry, std::string to, std::size_t worker);
  void asked() noexcept { requests_->add(); }
  void answered(dns::Rcode rcode, runtime::Duration duration);

 private:
  struct ByRcode {
    metrics::Counter* responses = nullptr;
    metrics::Histogram* forward_duration = nullptr;
    metrics::Histogram* proxy_duration = nullptr;
  };
  ByRcode make(std::string_view rcode);

  static constexpr std::size_t kRcodes = 24;  // up to BADCOOKIE; what an upstream invents shares one slot
  metrics::Registry* registry_;
  std::string to_;
  std::size_t worker_;
  metrics::Counter* requests_;
  std::array<ByRcode, kRcodes + 1> by_rcode_{};
};

struct ForwardMetrics {
  ForwardMetrics(metrics::Registry& registry, std::size_t worker);
  metrics::Counter& healthcheck_broken;
  metrics::Counter& max_concurrent_rejects;
};

}  // namespace nld::plugins
