// Structures to JSON.
#include "agent/status.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "agent/readiness.hpp"

namespace nld::agent {
namespace {

using nlohmann::json;

std::int64_t milliseconds(runtime::Duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

json optional_time(const std::optional<WallTime>& time) {
  return time ? json(to_rfc3339(*time)) : json(nullptr);
}

json fault_to_json(const net::Repair& repair) {
  return {{"kind", to_string(repair.kind)},
          {"fault", to_string(repair.fault)},
          {"what", repair.what},
          {"text", net::describe(repair)}};
}

json addresses_to_json(const std::vector<runtime::SocketAddress>& addresses) {
  json list = json::array();
  for (const auto& address : addresses) list.push_back(address.ip_text());
  return list;
}

json link_to_json(const AgentOptions& options, const NetworkStatus& network) {
  json out{{"name", options.interface},
           {"managed", options.setup_interface},
           {"present", network.link.has_value()},
           {"error", network.link_error}};
  if (!network.link) return out;
  out["kind"] = network.link->kind;
  out["up"] = network.link->up;
  out["addresses"] = addresses_to_json(network.link->addresses);
  return out;
}

json rules_to_json(const AgentOptions& options, const NetworkStatus& network) {
  return {{"managed", options.setup_rules && network.has_rules},
          {"present", network.rules_error.empty() && network.rules_checked.has_value()},
          {"error", network.rules_error},
          {"checked_at", optional_time(network.rules_checked)},
          {"repaired_at", optional_time(network.repaired)},
          {"warnings", network.decision.warnings}};
}

json server_to_json(const AgentOptions& options, const ServerStatus& server) {
  json out{{"state", to_string(server.state)}, {"own", options.own_server()}, {"restarts", server.restarts},
           {"last_end", server.last_end},      {"last_probe_ms", nullptr},    {"next_start_in_ms", nullptr}};
  if (server.last_probe)
    out["last_probe_ms"] = static_cast<double>(milliseconds(*server.last_probe * 1000)) / 1000;
  if (server.next_start_in) out["next_start_in_ms"] = milliseconds(*server.next_start_in);
  if (server.pid == 0) return out;
  out["pid"] = server.pid;
  out["adopted"] = server.adopted;
  out["started_at"] = to_rfc3339(server.started);
  out["uptime_seconds"] =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - server.started)
          .count();
  return out;
}

json corefile_to_json(const server::CorefileOptions& corefile) {
  return {{"conf", corefile.conf.string()},
          {"basecorefile", corefile.base.string()},
          {"kubednscm", corefile.kube_dns_cm.string()},
          {"upstreamsvc", corefile.upstream_service},
          {"cluster_dns", corefile.cluster_dns},
          {"cluster_domain", corefile.dns_domain},
          {"prometheus", corefile.prometheus_endpoint},
          {"port", corefile.port}};
}

}  // namespace

std::string to_rfc3339(WallTime time) {
  const auto milli = std::chrono::time_point_cast<std::chrono::milliseconds>(time);
  const auto whole = std::chrono::floor<std::chrono::seconds>(milli);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     (milli - whole).count());
}

json to_json(const AgentOptions& options, const std::string& version, const NetworkStatus& network,
             const ServerStatus& server, const Journal& journal) {
  json repairs = json::array();
  for (const RepairRecord& record : journal.repairs()) {
    json one = fault_to_json(record.repair);
    one["at"] = to_rfc3339(record.when);
    repairs.push_back(std::move(one));
  }
  json failovers = json::array();
  for (const Failover& failover : journal.failovers()) {
    failovers.push_back({{"cause", failover.cause},
                         {"began_at", to_rfc3339(failover.began)},
                         {"lasted_ms", failover.lasted ? json(failover.lasted->count()) : json(nullptr)}});
  }
  const net::RulesDecision& decision = network.decision;
  const std::vector<std::string> missing = what_is_missing(options, network, server);
  return {{"version", version},
          {"pid", ::getpid()},
          {"ready", missing.empty()},
          {"missing", missing},
          {"mode", to_string(options.rules.mode)},
          {"method",
           options.rules.mode == net::Mode::fallback ? json(to_string(decision.method)) : json(nullptr)},
          {"method_reason", decision.method_reason},
          {"backend", decision.backend ? json(to_string(*decision.backend)) : json(nullptr)},
          {"kube_proxy_mode", to_string(decision.kube_proxy.mode)},
          {"kube_proxy_source", decision.kube_proxy.source},
          {"addresses", addresses_to_json(options.rules.addresses)},
          {"port", options.rules.port},
          {"cluster_dns", addresses_to_json(options.rules.cluster_dns)},
          {"interface", link_to_json(options, network)},
          {"rules", rules_to_json(options, network)},
          {"server", server_to_json(options, server)},
          {"repairs_total", journal.repair_count()},
          {"repairs", std::move(repairs)},
          {"failovers", std::move(failovers)},
          {"corefile", corefile_to_json(options.corefile)}};
}

}  // namespace nld::agent
