// Whether a node is served as it should be: what the kubelet's probes and `status` ask.
#pragma once

#include <string>
#include <vector>

#include "agent/co_process.hpp"
#include "agent/options.hpp"
#include "agent/supervisor.hpp"

namespace nld::agent {

/// What is not in order, one short sentence each; empty: ready. What the agent was told to leave to others
/// (`--setupinterface=false`, mode `none`) is never missing.
std::vector<std::string> what_is_missing(const AgentOptions& options, const NetworkStatus& network,
                                         const ServerStatus& server);

}  // namespace nld::agent
