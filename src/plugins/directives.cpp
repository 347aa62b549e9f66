// The table of directives.
#include "plugins/directives.hpp"

#include <algorithm>
#include <array>

#include "plugins/setups.hpp"
#include "plugins/switch.hpp"

namespace nld::plugins {
namespace {

using enum Support;

constexpr std::string_view kOwnZones =
    "serve the zone from CoreDNS in the cluster and write here: forward ZONE ADDRESS";
constexpr std::string_view kOtherTransport =
    "this server listens for DNS over UDP, TCP and TLS; keep CoreDNS in the cluster for it";

constexpr DirectiveInfo works_as(std::string_view name, Setup setup, bool once = false, bool handler = false,
                                 bool answers = false) {
  return {.name = name, .setup = setup, .once = once, .handler = handler, .answers = answers};
}
constexpr DirectiveInfo other(std::string_view name, Support support, std::string_view note) {
  return {.name = name, .support = support, .note = note};
}

constexpr bool kOnce = true;
constexpr bool kHandler = true;
constexpr bool kAnswers = true;

// The order of CoreDNS's plugin.cfg: it is the order of the chain, whatever the order in the Corefile.
constexpr auto kDirectives = std::to_array<DirectiveInfo>({
    other("root", refused, "write full paths in the directives that read files"),
    works_as("metadata", setup_metadata, kOnce, kHandler),
    other("geoip", refused, "a cache on a node answers clients of this node only; remove the line"),
    works_as("cancel", setup_cancel, !kOnce, kHandler),
    works_as("tls", setup_tls, kOnce),
    other("proxyproto", refused, "clients of a node cache come directly; remove the line"),
    other("quic", refused, kOtherTransport),
    other("grpc_server", refused, kOtherTransport),
    other("https", refused, kOtherTransport),
    other("https3", refused, kOtherTransport),
    works_as("timeouts", setup_timeouts),
    other("multisocket", no_effect,
          "every worker has its own SO_REUSEPORT sockets without it; remove the line"),
    works_as("reload", setup_reload, kOnce),
    works_as("nsid", setup_nsid, kOnce, kHandler),
    works_as("bufsize", setup_bufsize, !kOnce, kHandler),
    works_as("bind", setup_bind),
    works_as("debug", setup_switch<&BlockConfig::debug>),
    other("trace", no_effect, "no spans are sent; remove the line"),
    works_as("ready", setup_ready, kOnce),
    works_as("health", setup_health),
    other("pprof", no_effect, "it profiles Go programs; use perf, or remove the line"),
    works_as("prometheus", setup_prometheus, kOnce, kHandler),
    works_as("errors", setup_errors, kOnce, kHandler),
    works_as("log", setup_log, !kOnce, kHandler),
    other("dnstap", no_effect, "no dnstap stream is sent; use the log directive"),
    works_as("local", setup_local, !kOnce, kHandler),
    works_as("dns64", setup_dns64, !kOnce, kHandler),
    works_as("any", setup_switch<&BlockConfig::any>, !kOnce, kHandler),
    works_as("chaos", setup_chaos, !kOnce, kHandler),
    works_as("loadbalance", setup_loadbalance, !kOnce, kHandler),
    other("tsig", refused, "a node cache neither signs nor checks messages; remove the line"),
    works_as("rewrite", setup_rewrite, !kOnce, kHandler),
    works_as("acl", setup_acl, !kOnce, kHandler),
    works_as("cache", setup_cache, kOnce, kHandler),
    works_as("header", setup_header, !kOnce, kHandler),
    other("dnssec", refused, "sign where the zone is served; this cache passes signatures on"),
    other("autopath", refused,
          "it needs the kubernetes plugin; shorten ndots or the search list in the pods' dnsConfig"),
    works_as("minimal", setup_switch<&BlockConfig::minimal>, !kOnce, kHandler),
    works_as("template", setup_template, !kOnce, kHandler, kAnswers),
    other("transfer", refused, kOwnZones),
    works_as("hosts", setup_hosts, kOnce, kHandler, kAnswers),
    other("route53", refused, kOwnZones),
    other("azure", refused, kOwnZones),
    other("clouddns", refused, kOwnZones),
    other("k8s_external", refused, kOwnZones),
    other(
        "kubernetes", refused,
        "the cluster DNS watches the API server, a node cache asks it: forward . ADDRESS of the cluster DNS"),
    other("file", refused, kOwnZones),
    other("auto", refused, kOwnZones),
    other("secondary", refused, kOwnZones),
    other("etcd", refused, kOwnZones),
    works_as("loop", setup_switch<&BlockConfig::loop>, kOnce, kHandler),
    works_as("forward", setup_forward, !kOnce, kHandler, kAnswers),
    other("grpc", refused, "use forward, which speaks DNS over UDP and TCP"),
    other("erratic", refused, "it makes wrong answers for tests; remove the line"),
    works_as("whoami", setup_switch<&BlockConfig::whoami>, !kOnce, kHandler, kAnswers),
    other("on", refused, "run commands from the pod's lifecycle hooks"),
    other("sign", refused, kOwnZones),
    other("view", refused, "one answer for all clients of a node; use separate zones or bind addresses"),
    other("nomad", refused, kOwnZones),
    other("nodecache", foreign, "what the nodecache plugin did, the agent does by itself: remove the line"),
    other("dynamicforward", foreign, "use forward . <ClusterIP of d8-kube-dns>"),
    other("fanout", foreign, "use forward; it asks the next upstream when one fails"),
    other("proxy", foreign, "CoreDNS removed it in 1.5; use forward with the same addresses"),
    other("federation", foreign, "CoreDNS removed it in 1.7; remove the line"),
    other("kubernetai", foreign, kOwnZones),
    other("alternate", foreign, "use forward with its option next"),
    other("kubeforward", foreign, "use forward . ADDRESS of the cluster DNS"),
    other("redisc", foreign, "use cache; every node has its own"),
    other("unbound", foreign, "use forward to a recursive resolver"),
});

}  // namespace

std::string_view describe(Support support) noexcept {
  switch (support) {
    case works:
      return "works";
    case no_effect:
      return "no effect";
    case refused:
      return "refused";
    case foreign:
      return "foreign";
  }
  return "";
}

std::span<const DirectiveInfo> directives() noexcept {
  return kDirectives;
}

const DirectiveInfo* find_directive(std::string_view name) noexcept {
  const auto found = std::ranges::find(kDirectives, name, &DirectiveInfo::name);
  return found == kDirectives.end() ? nullptr : &*found;
}

}  // namespace nld::plugins
