// What the kernel should hold for one address family: plain data, built by pure functions from what was
// asked.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nld::net {

enum class Family : std::uint8_t { ipv4, ipv6 };

/// How packets come to the local server, and what becomes of them without it (docs/rules.md).
enum class Mode : std::uint8_t {
  fallback,     ///< link-local address; rules of ours hand packets to the cluster DNS
  transparent,  ///< the cluster DNS's own address; kube-proxy's rules are the fallback
  notrack,      ///< node-cache's rules: no fallback, removed on exit
  none,         ///< no rules: routing is the operator's (Cilium's local redirect policy)
};

/// The method of Mode::fallback.
enum class Method : std::uint8_t {
  chain,  ///< iptables chain NODE-LOCAL-DNS, by kube-proxy's mode
  steer,  ///< nftables table that rewrites addresses before conntrack; knows nothing of kube-proxy
};

/// What serves the cluster's Services on this node.
enum class KubeProxyMode : std::uint8_t { iptables, ipvs, nftables, none };

/// The Service of the cluster DNS, as kube-proxy names its chains after it. A port without a name is "".
struct DnsService {
  std::string space = "kube-system";
  std::string name = "kube-dns";
  std::string udp_port = "dns";
  std::string tcp_port = "dns-tcp";
  friend bool operator==(const DnsService&, const DnsService&) = default;
};

struct RuleRequest {
  Mode mode = Mode::fallback;
  Method method = Method::steer;
  Family family = Family::ipv4;
  std::vector<std::string> addresses;      ///< of this family, canonical text: where the local server listens
  std::uint16_t port = 53;                 ///< of the local server and of the cluster DNS
  std::optional<std::string> cluster_dns;  ///< the Service's cluster IP of this family
  KubeProxyMode kube_proxy = KubeProxyMode::iptables;
  DnsService service{};
  std::uint16_t health_port = 8080;  ///< for Mode::notrack, as the next one
  std::uint16_t ready_port = 8181;
  /// Mode::fallback with Method::chain: packets go to the cluster DNS although the server has a socket, for
  /// it hangs. (Steering has a set in the kernel for that: SteeringTable::set_aside.)
  bool set_aside = false;
};

/// A rule that stands directly in one of the kernel's own chains.
struct BuiltinRule {
  std::string table;  ///< "nat"
  std::string chain;  ///< "PREROUTING"
  std::string spec;   ///< as `iptables-save` prints it, after "-A CHAIN "
  friend bool operator==(const BuiltinRule&, const BuiltinRule&) = default;
};

/// A chain that is ours alone.
struct OwnChain {
  std::string table;
  std::string name;
  std::vector<std::string> rules{};  ///< specs, in order
  friend bool operator==(const OwnChain&, const OwnChain&) = default;
};

/// The rules in built-in chains belong before those of others (iptables -I), in the order of `rules`.
struct RuleSet {
  Family family = Family::ipv4;
  std::vector<OwnChain> chains{};
  std::vector<BuiltinRule> rules{};
  /// The nftables table, exactly as `nft -s -t list table` prints it; empty: none.
  std::string nft_table{};
  friend bool operator==(const RuleSet&, const RuleSet&) = default;
  [[nodiscard]] bool empty() const noexcept { return chains.empty() && rules.empty() && nft_table.empty(); }
};

/// The name of the iptables chain, and of the nftables tables ("ip" and "ip6").
inline constexpr std::string_view kChainName = "NODE-LOCAL-DNS";
inline constexpr std::string_view kNftTable = "node-local-dns";

/// Error: what the request lacks (no cluster DNS address, a method that cannot work with that kube-proxy).
/// An address family without addresses gives an empty set.
std::expected<RuleSet, std::string> build_rule_set(const RuleRequest& request);

/// The tables that hold something of the set, in the order in which to apply them: nat, raw, filter. The
/// order matters when a hung server is set aside: were the raw rule taken first, conntrack would see the
/// clients' packets while nat still exempts them, and would pin their flows to the hung server.
std::vector<std::string> tables_in_order(const RuleSet& set);

/// kube-proxy's chain of a Service port: "KUBE-SVC-" and 16 characters of base32(sha256(...)).
/// `protocol` in lower case. Source: kube-proxy, pkg/proxy/iptables, portProtoHash.
std::string service_chain(std::string_view space, std::string_view name, std::string_view port,
                          std::string_view protocol);

/// A saved spec in the spelling of this file: `-j CT --notrack`, which is the same rule under its newer name,
/// becomes `-j NOTRACK`. Both backends of iptables 1.8.9 print what they were given.
std::string canonical_spec(std::string_view saved);

/// What `rules` prints: the set as iptables-restore (--noflush) input and as nft (-f) input, for tables that
/// hold nothing of ours yet. Rules in built-in chains are inserted before those of others.
std::string to_iptables_restore(const RuleSet& set);
std::string to_nft(const RuleSet& set);

std::string_view to_string(Family family) noexcept;       ///< "ipv4"
std::string_view to_string(Mode mode) noexcept;           ///< "fallback"
std::string_view to_string(Method method) noexcept;       ///< "steer"
std::string_view to_string(KubeProxyMode mode) noexcept;  ///< "ipvs"

}  // namespace nld::net
