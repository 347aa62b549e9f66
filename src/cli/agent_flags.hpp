// The flags of the node agent, the same for `run`, `rules`, `status` and `cleanup` where they mean something.
#pragma once

#include <CLI/App.hpp>
#include <expected>
#include <string>
#include <vector>

#include "agent/options.hpp"
#include "cli/serve_flags.hpp"

namespace nld::cli {

/// As typed; `to_options` reads them.
struct AgentFlags {
  server::CorefileOptions corefile;
  ServeFlags serve;

  std::string mode = "fallback";
  std::string fallback = "auto";
  std::string kube_proxy_mode = "auto";
  std::string backend = "auto";
  std::string dns_service = "kube-system/kube-dns:dns,dns-tcp";

  bool setup_interface = true;
  bool setup_iptables = true;
  bool skip_teardown = false;
  std::string interface = "nodelocaldns";
  std::string sync_interval = "60s";
  std::string metrics_address = "0.0.0.0:9353";
  std::uint16_t health_port = 8080;
  std::string pid_file;
  std::string server_command;
  std::string probe_name;
  std::string probe_interval = "250ms";
};

/// All of `run`.
void add_run_flags(CLI::App& command, AgentFlags& flags);
/// Those that say which rules and which interface there should be.
void add_network_flags(CLI::App& command, AgentFlags& flags);

/// Checks what CLI11 does not, fills in what the environment knows. Error: which flag, what was expected.
std::expected<agent::AgentOptions, std::string> to_options(const AgentFlags& flags);

}  // namespace nld::cli
