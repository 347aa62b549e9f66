// The plugins of one block as a chain, for one worker, one listen address and one zone.
#pragma once

#include "pipeline/plugin.hpp"
#include "plugins/services.hpp"
#include "server/shared_state.hpp"
#include "upstream/worker_upstreams.hpp"

namespace nld::server {

/// Runs on the worker's thread. Order: cancel, nsid, bufsize, prometheus, errors, log (observers), loop,
/// local, dns64, any, chaos, loadbalance, rewrite, acl, cache, header, minimal, template, hosts, forward…,
/// whoami: CoreDNS's, but for `loop` (see plugins/loop).
std::shared_ptr<const pipeline::Chain> build_chain(const Generation& generation, const ZoneAt& at,
                                                   const std::string& server_label,
                                                   const plugins::Services& services,
                                                   upstream::WorkerUpstreams& upstreams);

}  // namespace nld::server
