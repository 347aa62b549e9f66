// A server with a socket is left alone, otherwise kube-proxy's way to the cluster DNS is taken.
#include "net/rules/chain_rules.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "net/rules/match.hpp"

namespace nld::net {
namespace {

constexpr std::string_view kMarkMasquerade = "KUBE-MARK-MASQ";

std::string destination_nat(const RuleRequest& request) {
  const bool v6 = request.family == Family::ipv6;
  return v6 ? fmt::format("[{}]:{}", *request.cluster_dns, request.port)
            : fmt::format("{}:{}", *request.cluster_dns, request.port);
}

/// kube-proxy in ipvs mode: IPVS takes what is addressed to the cluster IP after nat has run.
void to_cluster_ip(const RuleRequest& request, OwnChain& chain) {
  for (const std::string& address : request.addresses) {
    for (const std::string_view protocol : {"tcp", "udp"}) {
      chain.rules.push_back(fmt::format("{} -j DNAT --to-destination {}",
                                        match_to(request, address, protocol), destination_nat(request)));
    }
  }
}

/// kube-proxy in iptables mode: nat runs once, so a rewrite to the cluster IP would never meet its rules.
void to_service_chains(const RuleRequest& request, OwnChain& chain) {
  const DnsService& service = request.service;
  const std::string tcp = service_chain(service.space, service.name, service.tcp_port, "tcp");
  const std::string udp = service_chain(service.space, service.name, service.udp_port, "udp");
  for (const std::string& address : request.addresses) {
    const std::string to = fmt::format("-d {}", host_prefix(request.family, address));
    chain.rules.push_back(fmt::format("{} -j {}", to, kMarkMasquerade));
    chain.rules.push_back(fmt::format("{} -p tcp -j {}", to, tcp));
    chain.rules.push_back(fmt::format("{} -p udp -j {}", to, udp));
  }
}

}  // namespace

std::expected<RuleSet, std::string> chain_rules(const RuleRequest& request) {
  RuleSet set{.family = request.family};
  OwnChain chain{.table = "nat", .name = std::string(kChainName)};
  if (!request.set_aside) chain.rules.emplace_back("-m socket -j RETURN");
  switch (request.kube_proxy) {
    case KubeProxyMode::ipvs:
      if (!request.cluster_dns) {
        return std::unexpected(
            "the chain with kube-proxy in ipvs mode needs the cluster DNS's address: --cluster-dns");
      }
      to_cluster_ip(request, chain);
      break;
    case KubeProxyMode::iptables:
      to_service_chains(request, chain);
      break;
    case KubeProxyMode::nftables:
      return std::unexpected(
          "the chain cannot reach the Services of kube-proxy in nftables mode: use --fallback steer");
    case KubeProxyMode::none:
      return std::unexpected("the chain needs kube-proxy in iptables or ipvs mode: use --fallback steer");
  }
  for (const std::string& address : request.addresses) {
    for (const std::string_view protocol : {"tcp", "udp"}) {
      set.rules.push_back(
          {"nat", "PREROUTING", fmt::format("{} -j {}", match_to(request, address, protocol), kChainName)});
    }
  }
  set.chains.push_back(std::move(chain));

  // nat sees the first packet of a flow only, and a client that keeps its UDP socket has one flow: without
  // this it would stay where it was when the server comes or goes. Not for TCP: a connection that began on
  // the fallback would be reset by the server's return.
  for (const std::string& address : request.addresses) {
    if (!request.set_aside) {
      set.rules.push_back(
          {"raw", "PREROUTING", match_to(request, address, "udp") + " -m socket --nowildcard -j NOTRACK"});
    }
    set.rules.push_back({"raw", "OUTPUT", match_from(request, address, "udp") + " -j NOTRACK"});
  }
  return set;
}

}  // namespace nld::net
