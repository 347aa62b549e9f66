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

metrics::Labels proxy_labels(const std::string& to, Protocol protocol) {
  return {{"proxy_name", "forward"}, {"to", to}, {"proto", std::string(to_string(protocol))}};
}

}  // namespace

ProtocolMetrics::ProtocolMetrics(metrics::Registry& registry, const std::string& to, Protocol protocol,
                                 std::size_t worker)
    : hits_(&registry.counter(kHits, proxy_labels(to, protocol), worker)),
      misses_(&registry.counter(kMisses, proxy_labels(to, protocol), worker)),
      open_(std::make_shared<std::atomic<std::int64_t>>(0)),
      gauge_(registry.gauge(kConnections, {{"to", to}, {"proto", std::string(to_string(protocol))}},
                            [open = open_] { return static_cast<double>(open->load()); })) {}

TransportMetrics::TransportMetrics(metrics::Registry& registry, const runtime::SocketAddress& to,
                                   std::size_t worker)
    : udp(registry, to.to_string(), Protocol::udp, worker),
      tcp(registry, to.to_string(), Protocol::tcp, worker),
      mismatched(registry.counter(kMismatched, {{"to", to.to_string()}}, worker)) {}

}  // namespace nld::upstream
