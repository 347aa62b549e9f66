// Which zones of which blocks are served on which address: the configuration turned towards the sockets.
#pragma once

#include <map>
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
  std::string label;  ///< CoreDNS's form of a server: "dns://169.254.20.10:53", "dns://:53" without `bind`
  std::vector<ZoneAt> zones;
};

using ListenPlan = std::map<runtime::SocketAddress, Listen>;

/// Blocks without `bind` stand on the wildcard: [::] (IPv4 too), or 0.0.0.0 on hosts without IPv6.
ListenPlan listen_plan(const plugins::ServerConfig& config, bool have_ipv6);

/// Whether this host can open IPv6 sockets.
bool host_has_ipv6() noexcept;

}  // namespace nld::server
