// Untracked packets meet no NAT, so they reach the local server although the address is a Service's.
#include "net/rules/untracked_rules.hpp"

#include <fmt/format.h>

#include <initializer_list>

#include "net/rules/match.hpp"

namespace nld::net {
namespace {

constexpr std::string_view kSkipConntrack = R"(-m comment --comment "NodeLocal DNS Cache: skip conntrack")";
constexpr std::string_view kAllowTraffic = R"(-m comment --comment "NodeLocal DNS Cache: allow DNS traffic")";

}  // namespace

bool is_node_cache_rule(std::string_view text) {
  return text.contains(kSkipConntrack) || text.contains(kAllowTraffic);
}

std::expected<RuleSet, std::string> transparent_rules(const RuleRequest& request) {
  if (request.kube_proxy == KubeProxyMode::ipvs) {
    return std::unexpected(
        "in ipvs mode the cluster DNS's address is IPVS's own, which takes tracked and untracked packets "
        "alike: use --mode fallback");
  }
  RuleSet set{.family = request.family};
  for (const std::string& address : request.addresses) {
    // TCP stays tracked: untracked, a connection that began on the fallback is reset when the server returns.
    // The nat table sees its first packet only, so there it stays where it began. kube-proxy in nftables mode
    // has a nat chain of its own, which this cannot exempt from: TCP then always goes to the cluster DNS.
    if (request.kube_proxy == KubeProxyMode::iptables) {
      set.rules.push_back(
          {"nat", "PREROUTING", match_to(request, address, "tcp") + " -m socket --nowildcard -j ACCEPT"});
    }
    set.rules.push_back(
        {"raw", "PREROUTING", match_to(request, address, "udp") + " -m socket --nowildcard -j NOTRACK"});
    set.rules.push_back({"raw", "OUTPUT", match_from(request, address, "udp") + " -j NOTRACK"});
  }
  return set;
}

RuleSet notrack_rules(const RuleRequest& request) {
  RuleSet set{.family = request.family};
  const auto add = [&set](std::string_view table, std::string_view chain, std::string spec) {
    set.rules.push_back({std::string(table), std::string(chain), std::move(spec)});
  };
  const std::string skip = fmt::format(" {} -j NOTRACK", kSkipConntrack);
  const std::string allow = fmt::format(" {} -j ACCEPT", kAllowTraffic);
  for (const std::string& address : request.addresses) {
    for (const std::string_view protocol : {"tcp", "udp"}) {
      add("raw", "PREROUTING", match_to(request, address, protocol) + skip);
      add("filter", "INPUT", match_to(request, address, protocol) + allow);
      add("raw", "OUTPUT", match_from(request, address, protocol) + skip);
      add("filter", "OUTPUT", match_from(request, address, protocol) + allow);
      add("raw", "OUTPUT", match_to(request, address, protocol) + skip);
    }
    RuleRequest probe = request;
    for (const std::uint16_t port : {request.health_port, request.ready_port}) {
      probe.port = port;
      add("raw", "OUTPUT", match_to(probe, address, "tcp") + skip);
      add("raw", "OUTPUT", match_from(probe, address, "tcp") + skip);
    }
  }
  return set;
}

}  // namespace nld::net
