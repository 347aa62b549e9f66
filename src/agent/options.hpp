// What the node agent is told to do: the flags of `run`, as data.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "net/node_rules.hpp"
#include "runtime/socket_address.hpp"
#include "server/corefile_source.hpp"

namespace nld::agent {

struct AgentOptions {
  net::RulesOptions rules;
  bool setup_rules = true;      ///< -setupiptables
  bool setup_interface = true;  ///< -setupinterface
  bool skip_teardown = false;   ///< -skipteardown: the interface stays
  std::string interface = "nodelocaldns";
  std::chrono::milliseconds sync_interval = std::chrono::seconds(60);
  std::optional<runtime::SocketAddress> metrics_address;  ///< nothing: no metrics, no probes
  std::filesystem::path pid_file;

  /// What to run as the DNS server: words of a command line; empty: this program's own `serve`.
  std::vector<std::string> server_command;
  std::vector<std::string> serve_arguments;  ///< for the own `serve`
  server::CorefileOptions corefile;          ///< the same, to read why a server refuses it
  std::string configuration;                 ///< which files these are, for the log

  std::string probe_name;  ///< asked as an A record; empty: version.bind, class CH, which needs no upstream
  std::chrono::milliseconds probe_interval = std::chrono::milliseconds(250);

  [[nodiscard]] bool own_server() const noexcept { return server_command.empty(); }
};

}  // namespace nld::agent
