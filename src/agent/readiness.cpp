// Rules, interface, server: in the order of a start.
#include "agent/readiness.hpp"

#include <fmt/format.h>

namespace nld::agent {

std::vector<std::string> what_is_missing(const AgentOptions& options, const NetworkStatus& network,
                                         const ServerStatus& server) {
  std::vector<std::string> missing;
  if (options.setup_rules && network.has_rules) {
    if (!network.rules_error.empty()) {
      missing.push_back("rules: " + network.rules_error);
    } else if (!network.rules_checked) {
      missing.emplace_back("rules: not checked yet");
    }
  }
  if (options.setup_interface) {
    if (!network.link_error.empty()) {
      missing.push_back(fmt::format("interface {}: {}", options.interface, network.link_error));
    } else if (!network.link) {
      missing.push_back(fmt::format("interface {}: absent", options.interface));
    }
  }
  if (server.state != ServerStatus::State::serving) {
    missing.push_back(fmt::format("DNS server: {}{}{}", to_string(server.state),
                                  server.last_end.empty() ? "" : ", last end: ", server.last_end));
  }
  return missing;
}

}  // namespace nld::agent
