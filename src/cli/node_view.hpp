// What `status` finds out by itself: who answers at the local address, and what the server's metrics say.
#pragma once

#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "runtime/socket_address.hpp"
#include "server/corefile_source.hpp"

namespace nld::cli {

struct Asked {
  bool answered = false;
  double milliseconds = 0;
  std::string client;  ///< the source address the kernel chose
  std::uint16_t client_port = 0;
};

/// One query (version.bind, class CH) over UDP from an address that the kernel chooses, as any program of the
/// host would send it; asked again after 300 and 600 ms, given up after 1 s.
Asked ask_as_client(const runtime::SocketAddress& server);

/// upstreams[{to, down, requests, healthcheck_failures}] and cache{entries, bytes, budget_bytes, hit_ratio},
/// from the `prometheus` address of the configuration. Error: why there is nothing to read.
std::expected<nlohmann::json, std::string> read_server_metrics(const server::CorefileOptions& options);
/// Pure: the same from an exposition's text.
nlohmann::json summarise_metrics(const std::string& exposition);

}  // namespace nld::cli
