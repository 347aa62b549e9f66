// From a request to the rule set of its mode.
#include "net/rules/rule_set.hpp"

#include <algorithm>
#include <array>
#include <ranges>

#include "net/rules/chain_rules.hpp"
#include "net/rules/steering.hpp"
#include "net/rules/untracked_rules.hpp"

namespace nld::net {
namespace {

std::expected<RuleSet, std::string> fallback_rules(const RuleRequest& request) {
  if (request.method == Method::chain) return chain_rules(request);
  if (!request.cluster_dns) {
    return std::unexpected("steering needs the cluster DNS's address: --cluster-dns");
  }
  if (std::ranges::find(request.addresses, *request.cluster_dns) != request.addresses.end()) {
    return std::unexpected(
        *request.cluster_dns +
        " is the cluster DNS's own address, to which packets cannot be steered: use --mode "
        "transparent");
  }
  RuleSet set{.family = request.family};
  set.nft_table = steering_table(request);
  return set;
}

}  // namespace

std::expected<RuleSet, std::string> build_rule_set(const RuleRequest& request) {
  if (request.addresses.empty()) return RuleSet{.family = request.family};
  switch (request.mode) {
    case Mode::fallback:
      return fallback_rules(request);
    case Mode::transparent:
      return transparent_rules(request);
    case Mode::notrack:
      return notrack_rules(request);
    case Mode::none:
      break;
  }
  return RuleSet{.family = request.family};
}

std::vector<std::string> tables_in_order(const RuleSet& set) {
  constexpr std::array<std::string_view, 3> kOrder{"nat", "raw", "filter"};
  std::vector<std::string> tables;
  for (const std::string_view table : kOrder) {
    const bool used = std::ranges::find(set.rules, table, &BuiltinRule::table) != set.rules.end() ||
                      std::ranges::find(set.chains, table, &OwnChain::table) != set.chains.end();
    if (used) tables.emplace_back(table);
  }
  return tables;
}

std::string_view to_string(Family family) noexcept {
  return family == Family::ipv4 ? "ipv4" : "ipv6";
}

std::string_view to_string(Mode mode) noexcept {
  switch (mode) {
    case Mode::fallback:
      return "fallback";
    case Mode::transparent:
      return "transparent";
    case Mode::notrack:
      return "notrack";
    case Mode::none:
      break;
  }
  return "none";
}

std::string_view to_string(Method method) noexcept {
  return method == Method::chain ? "chain" : "steer";
}

std::string_view to_string(KubeProxyMode mode) noexcept {
  switch (mode) {
    case KubeProxyMode::iptables:
      return "iptables";
    case KubeProxyMode::ipvs:
      return "ipvs";
    case KubeProxyMode::nftables:
      return "nftables";
    case KubeProxyMode::none:
      break;
  }
  return "none";
}

}  // namespace nld::net
