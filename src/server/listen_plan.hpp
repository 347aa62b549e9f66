// Which zones of which blocks are served on which address: the configuration turned towards the sockets.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugins/block.hpp"

namespace nld::server {

/// A zone of a block, by index into ServerConfig::blocks and BlockConfig::zones.
struct ZoneAt {
  std::size_t block;
  std::size_t zone;
};

struct Listen {
  std::string label;  ///< CoreDNS's form of a server: "dns://169.254.20.10:53", "tls://:853" without `bind`
  std::shared_ptr<const tls::ServerContext> tls{};  ///< null: UDP and TCP; else TLS alone
  std::vector<ZoneAt> zones;
};

/// One socket to listen on, or one of UDP and one of TCP.
struct ListenAt {
  runtime::SocketAddress address;
  plugins::Scheme scheme = plugins::Scheme::dns;
  friend auto operator<=>(const ListenAt&, const ListenAt&) = default;
};

using ListenPlan = std::map<ListenAt, Listen>;

/// Blocks without `bind` stand on the wildcard: [::] (IPv4 too), or 0.0.0.0 on hosts without IPv6.
ListenPlan listen_plan(const plugins::ServerConfig& config, bool have_ipv6);

/// Whether this host can open IPv6 sockets.
bool host_has_ipv6() noexcept;

}  // namespace nld::server
