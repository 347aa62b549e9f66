// The `forward` directive as data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "corefile/diagnostic.hpp"
#include "dns/name.hpp"
#include "dns/types.hpp"
#include "runtime/socket_address.hpp"
#include "tls/context.hpp"

namespace nld::plugins {

enum class ForwardPolicy : std::uint8_t { random, round_robin, sequential };

struct ForwardTarget {
  runtime::SocketAddress address;
  std::optional<tls::Peer> tls{};  ///< none: plain DNS
};

struct ForwardConfig {
  corefile::Location where;
  dns::Name from;                        ///< lower-case
  std::vector<dns::Name> except;         ///< lower-case
  std::vector<ForwardTarget> upstreams;  ///< 1 to 15, in the order written, files read
  bool force_tcp = false;
  bool prefer_udp = false;
  ForwardPolicy policy = ForwardPolicy::random;
  std::chrono::milliseconds expire = std::chrono::seconds(10);
  std::chrono::milliseconds max_age{0};    ///< a connection older than this is not used again; 0: no limit
  std::uint32_t max_idle_connections = 0;  ///< 0: no limit of the user's
  std::chrono::milliseconds read_timeout = std::chrono::seconds(2);
  std::uint32_t max_fails = 2;             ///< 0: never down, never checked
  std::uint32_t max_connect_attempts = 0;  ///< 0: no cap
  std::uint32_t max_concurrent = 0;        ///< 0: no limit of the user's
  struct HealthCheck {
    std::chrono::milliseconds interval{500};
    bool recursion_desired = true;
    dns::Name domain;
  } health_check;
  std::vector<dns::Rcode> next;  ///< answers with these go to the next `forward` of the block
  bool next_on_nodata = false;
  std::vector<dns::Rcode> failover;  ///< answers with these go to the next upstream; never NOERROR
  bool failfast_all_unhealthy = false;
  std::optional<runtime::SocketAddress> source_v4;
  std::optional<runtime::SocketAddress> source_v6;
};

}  // namespace nld::plugins
