// Gauges read at scrape time: build, process-wide cache memory, and what a generation holds.
#pragma once

#include <vector>

#include "metrics/registry.hpp"
#include "server/shared_state.hpp"

namespace nld::server {

/// coredns_build_info, cache bytes and budget, dropped log lines.
std::vector<metrics::GaugeHandle> process_gauges(metrics::Registry& metrics, const std::string& version,
                                                 const cache::Budget& budget, const runtime::Log& log);

/// coredns_plugin_enabled, coredns_cache_entries, coredns_reload_version_info, the end of certificates.
std::vector<metrics::GaugeHandle> generation_gauges(metrics::Registry& metrics, const Generation& generation);

}  // namespace nld::server
