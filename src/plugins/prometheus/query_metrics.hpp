// The coredns_dns_* series of one (server, zone): what a query was, what its reply was.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "dns/types.hpp"
#include "metrics/registry.hpp"
#include "pipeline/request.hpp"
#include "runtime/clock.hpp"
#include "runtime/socket_address.hpp"

namespace nld::plugins {

/// IANA address family as CoreDNS labels it: 1 for IPv4 (mapped into IPv6 too), 2 for IPv6.
[[nodiscard]] int address_family(const runtime::SocketAddress& client) noexcept;

/// One query and its reply, as the metrics see them.
struct QuerySample {
  pipeline::Transport transport = pipeline::Transport::udp;
  int family = 1;      ///< see address_family
  dns::RRType type{};  ///< 0 when the question could not be read
  bool dnssec_ok = false;
  std::size_t request_size = 0;   ///< octets
  std::size_t response_size = 0;  ///< octets; 0: no reply was sent
  dns::Rcode rcode{};
  std::string_view plugin{};  ///< who answered (static string); empty: nobody
  runtime::Duration duration{};
};

[[nodiscard]] QuerySample sample_of(const pipeline::Request& request, const pipeline::Reply& reply,
                                    const pipeline::Outcome& outcome) noexcept;

/// One worker's cells; single-threaded. Each series is registered when it first counts, so that the
/// exposition shows what CoreDNS would; after that a query costs loads and stores of cells. `view` is empty:
/// there are no views.
class QueryMetrics {
 public:
  QueryMetrics(metrics::Registry& registry, std::string server_label, std::string zone_label,
               std::size_t worker);
  void note(const QuerySample& sample) noexcept;

 private:
  static constexpr std::size_t kTransports = 2;
  static constexpr std::size_t kFamilies = 2;
  static constexpr std::size_t kTypes = 19;    // 18 with a name, and "other"
  static constexpr std::size_t kRcodes = 25;   // 0 to 23 (BADCOOKIE), and "other"
  static constexpr std::size_t kPlugins = 16;  // more than the program has; the last is "other" if they end

  struct Responder {
    std::string_view plugin;
    std::array<metrics::Counter*, kRcodes> by_rcode{};
  };
  struct Sizes {
    metrics::Histogram* request = nullptr;
    metrics::Histogram* response = nullptr;
  };

  void count(const QuerySample& sample);
  [[nodiscard]] metrics::Counter& requests(const QuerySample& sample);
  [[nodiscard]] metrics::Counter& responses(const QuerySample& sample);
  [[nodiscard]] Sizes& sizes(pipeline::Transport transport);
  [[nodiscard]] Responder& responder(std::string_view plugin) noexcept;
  [[nodiscard]] metrics::Labels labels(metrics::Labels more = {}) const;

  metrics::Registry& registry_;
  std::string server_, zone_;
  std::size_t worker_;
  std::array<metrics::Counter*, kTransports * kFamilies * kTypes> requests_{};
  std::array<Responder, kPlugins> responders_{};
  std::size_t responder_count_ = 0;
  std::array<Sizes, kTransports> sizes_{};
  metrics::Histogram* duration_ = nullptr;
  metrics::Counter* dnssec_ok_ = nullptr;
};

/// Queries that never enter a chain: zone "dropped", as in CoreDNS.
class DroppedMetrics {
 public:
  DroppedMetrics(metrics::Registry& registry, std::string server_label, std::size_t worker)
      : metrics_(registry, std::move(server_label), "dropped", worker) {}
  void note(const QuerySample& sample) noexcept { metrics_.note(sample); }

 private:
  QueryMetrics metrics_;
};

}  // namespace nld::plugins
