// What an agent reports of itself, as JSON: the words of `status --json`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "agent/co_process.hpp"
#include "agent/journal.hpp"
#include "agent/options.hpp"
#include "agent/supervisor.hpp"

namespace nld::agent {

/// Fields: version, pid, ready, missing[], mode, method{name,reason}, backend, kube_proxy{mode,source},
/// addresses, cluster_dns, interface{…}, rules{…}, server{…}, repairs[], failovers[], corefile{…} (what
/// `status` needs to read the server's own metrics). Times are RFC 3339 in UTC, durations milliseconds.
nlohmann::json to_json(const AgentOptions& options, const std::string& version, const NetworkStatus& network,
                       const ServerStatus& server, const Journal& journal);

/// "2026-11-24T15:04:05.123Z"
std::string to_rfc3339(WallTime time);

}  // namespace nld::agent
