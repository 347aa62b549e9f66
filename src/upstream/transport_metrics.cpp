// Names of the transports' series: CoreDNS's (plugin/pkg/proxy) and two of ours.
#include "upstream/transport_metrics.hpp"

namespace nld::upstream {
namespace {

constexpr metrics::Registry::Family kHits{"coredns_proxy_conn_cache_hits_total",
                                          "Counter of connection cache hits per upstream and protocol."};
constexpr metrics::Registry::Family kMisses{"coredns_proxy_conn_cache_misses_total",
                                            "Counter of connection cache misses per upstream and protocol."};
constexpr metrics::Registry::Family kConnections{"node_local_dns_upstream_connections",
                                                 "Open sockets per upstream and protocol."};
constexpr metrics::Registry::Family kMismatched{
    "node_local_dns_upstream_mismatched_total",
    "Counter of messages from an upstream that answer no outstanding query (late, or forged)."};

constexpr metrics::Registry::Family kHandshakes{"node_local_dns_upstream_tls_handshakes_total",
                                                "TLS handshakes with an upstream that succeeded."};
constexpr metrics::Registry::Family kFailedHandshakes{"node_local_dns_upstream_tls_handshake_failures_total",
                                                      "TLS handshakes with an upstream that failed."};

// CoreDNS's words for the label `proto`.
constexpr const char* kUdp = "udp";
constexpr const char* kTcp = "tcp";
constexpr const char* kTls = "tcp-tls";

metrics::Labels proxy_labels(const std::string& to, const std::string& protocol) {
  return {{"proxy_name", "forward"}, {"to", to}, {"proto", protocol}};
}

}  // namespace

ProtocolMetrics::ProtocolMetrics(metrics::Registry& registry, const std::string& to,
                                 const std::string& protocol, std::size_t worker)
    : hits_(&registry.counter(kHits, proxy_labels(to, protocol), worker)),
      misses_(&registry.counter(kMisses, proxy_labels(to, protocol), worker)),
      open_(std::make_shared<std::atomic<std::int64_t>>(0)),
      gauge_(registry.gauge(kConnections, {{"to", to}, {"proto", protocol}},
                            [open = open_] { return static_cast<double>(open->load()); })) {}

HandshakeMetrics::HandshakeMetrics(metrics::Registry& registry, const std::string& to, std::size_t worker)
    : full_(&registry.counter(kHandshakes, {{"to", to}, {"resumed", "false"}}, worker)),
      resumed_(&registry.counter(kHandshakes, {{"to", to}, {"resumed", "true"}}, worker)),
      failed_(&registry.counter(kFailedHandshakes, {{"to", to}}, worker)) {}

TransportMetrics::TransportMetrics(metrics::Registry& registry, const runtime::SocketAddress& to,
                                   std::size_t worker, Reached how)
    : stream(registry, to.to_string(), how == Reached::over_tls ? kTls : kTcp, worker),
      mismatched(registry.counter(kMismatched, {{"to", to.to_string()}}, worker)) {
  if (how == Reached::over_tls) {
    tls.emplace(registry, to.to_string(), worker);
  } else {
    udp.emplace(registry, to.to_string(), kUdp, worker);
  }
}

}  // namespace nld::upstream
