// What the exposition reads from state that is kept anyway.
#include "server/gauges.hpp"

#include <algorithm>
#include <set>

#include "plugins/cache/cache.hpp"

namespace nld::server {
namespace {

using metrics::GaugeHandle;

void add_cache_gauges(metrics::Registry& metrics, std::vector<GaugeHandle>& gauges, const std::string& server,
                      const std::string& zones, const std::shared_ptr<plugins::CacheShared>& cache) {
  const auto entries = [&](const char* type, cache::Part part) {
    gauges.push_back(
        metrics.gauge({"coredns_cache_entries", "The number of elements in the cache."},
                      {{"server", server}, {"type", type}, {"view", ""}, {"zones", zones}},
                      [cache, part] { return static_cast<double>(cache->table.entries(part)); }));
  };
  entries("success", cache::Part::success);
  entries("denial", cache::Part::denial);
}

/// An upstream of several `forward` directives is judged by each: more than 1 means that several call it
/// down.
void add_upstream_gauges(metrics::Registry& metrics, std::vector<GaugeHandle>& gauges,
                         const SharedBlock& block) {
  for (const auto& forward : block.forwards) {
    for (const auto& health : forward->health) {
      gauges.push_back(metrics.gauge(
          {"node_local_dns_upstream_down", "Whether health checks call this upstream down (0: it is used)."},
          {{"to", health->address().to_string()}}, [health] { return health->down() ? 1.0 : 0.0; }));
    }
  }
}

/// CoreDNS's, without labels: the entries of all blocks added up, the youngest file's time.
void add_hosts_gauges(metrics::Registry& metrics, std::vector<GaugeHandle>& gauges,
                      const Generation& generation) {
  std::vector<std::shared_ptr<const plugins::HostsFile>> files;
  for (const SharedBlock& block : generation.blocks) {
    if (block.hosts) files.push_back(block.hosts);
  }
  if (files.empty()) return;
  gauges.push_back(metrics.gauge(
      {"coredns_hosts_entries", "The combined number of entries in hosts and Corefile."}, {}, [files] {
        std::size_t entries = 0;
        for (const auto& file : files) entries += file->table()->entries();
        return static_cast<double>(entries);
      }));
  gauges.push_back(metrics.gauge(
      {"coredns_hosts_reload_timestamp_seconds", "The timestamp of the last reload of hosts file."}, {},
      [files] {
        double youngest = 0;
        for (const auto& file : files) youngest = std::max(youngest, file->changed_at());
        return youngest;
      }));
}

void add_certificate_gauge(metrics::Registry& metrics, std::vector<GaugeHandle>& gauges,
                           const Listen& listen) {
  const auto end = static_cast<double>(listen.tls->not_after().time_since_epoch().count());
  gauges.push_back(metrics.gauge({"node_local_dns_tls_certificate_expiry_timestamp_seconds",
                                  "When the certificate that clients over TLS get ends."},
                                 {{"server", listen.label}}, [end] { return end; }));
}

}  // namespace

std::vector<GaugeHandle> process_gauges(metrics::Registry& metrics, const std::string& version,
                                        const cache::Budget& budget, const runtime::Log& log) {
  std::vector<GaugeHandle> gauges;
  // `goversion` is the label that dashboards ask for; ours holds the compiler.
  gauges.push_back(
      metrics.gauge({"coredns_build_info", "A metric with a constant '1' value: this build."},
                    {{"goversion", "gcc " __VERSION__}, {"revision", NLD_REVISION}, {"version", version}},
                    [] { return 1.0; }));
  gauges.push_back(metrics.gauge({"node_local_dns_cache_bytes", "Memory that cached answers take."}, {},
                                 [&budget] { return static_cast<double>(budget.used()); }));
  gauges.push_back(
      metrics.gauge({"node_local_dns_cache_budget_bytes", "Memory that cached answers may take."}, {},
                    [&budget] { return static_cast<double>(budget.limit()); }));
  if (const auto* async = dynamic_cast<const runtime::AsyncLog*>(&log)) {
    gauges.push_back(metrics.gauge(
        {"node_local_dns_log_lines_lost", "Log lines dropped because nobody read standard error."}, {},
        [async] { return static_cast<double>(async->dropped()); }));
  }
  return gauges;
}

std::vector<GaugeHandle> generation_gauges(metrics::Registry& metrics, const Generation& generation) {
  std::vector<GaugeHandle> gauges;
  gauges.push_back(metrics.gauge({"coredns_reload_version_info", "The digest of the configuration in use."},
                                 {{"hash", "sha512"}, {"value", generation.config.digest}},
                                 [] { return 1.0; }));
  for (const SharedBlock& block : generation.blocks) add_upstream_gauges(metrics, gauges, block);
  add_hosts_gauges(metrics, gauges, generation);
  std::set<std::pair<std::string, std::size_t>> seen;  // a block's zones share its cache
  for (const auto& [address, listen] : generation.plan) {
    if (listen.tls) add_certificate_gauge(metrics, gauges, listen);
    for (const ZoneAt& at : listen.zones) {
      const plugins::BlockConfig& block = generation.config.blocks[at.block];
      for (const std::string& name : block.directives) {
        gauges.push_back(metrics.gauge(
            {"coredns_plugin_enabled", "Whether a plugin is enabled per server and zone."},
            {{"name", name}, {"server", listen.label}, {"view", ""}, {"zone", block.zones[at.zone].label}},
            [] { return 1.0; }));
      }
      if (block.cache && seen.emplace(listen.label, at.block).second) {
        add_cache_gauges(metrics, gauges, listen.label, plugins::zones_label(*block.cache),
                         generation.blocks[at.block].cache);
      }
    }
  }
  return gauges;
}

}  // namespace nld::server
