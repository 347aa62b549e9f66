// kube-proxy's word first, then its traces in the kernel.
#include "net/kube_proxy/mode.hpp"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <vector>

#include "net/kube_proxy/ipvs.hpp"

namespace nld::net {
namespace {

std::optional<KubeProxyMode> ask(std::uint16_t port, std::chrono::milliseconds limit) {
  const GetLimits limits{.time = limit, .bytes = 4096};
  std::string answer;
  const bool complete = http_get(port, "/proxyMode", limits, [&](std::string_view piece) {
    answer += piece;
    return true;
  });
  return complete ? parse_proxy_mode(answer) : std::nullopt;
}

std::vector<std::string> list_tables() {
  return {"nft", "list", "tables"};
}

bool has_nftables_table(CommandRunner& commands) {
  const auto tables = commands.run(list_tables(), {});
  if (!tables || tables->status != 0) return false;
  std::string_view rest = tables->out;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    if (line == "table ip kube-proxy" || line == "table ip6 kube-proxy") return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

/// Both backends in both families, in the order in which they are looked at.
std::vector<Iptables> all_iptables(CommandRunner& commands) {
  std::vector<Iptables> all;
  for (const Backend backend : {Backend::nft, Backend::legacy}) {
    for (const Family family : {Family::ipv4, Family::ipv6}) all.emplace_back(commands, backend, family);
  }
  return all;
}

/// The backend whose table nat has kube-proxy's chain. `unread`: why one could not be looked at.
std::optional<Backend> services_chain(std::vector<Iptables>& all, std::optional<std::string>& unread) {
  for (Iptables& one : all) {
    const auto nat = one.save("nat");
    if (nat && nat->chains.contains("KUBE-SERVICES")) return one.backend();
    if (!nat && is_unreadable(one.backend(), nat.error()) && !unread) unread = nat.error().what;
  }
  return std::nullopt;
}

}  // namespace

KubeProxyFinding detect_kube_proxy(CommandRunner& commands, std::uint16_t port,
                                   std::chrono::milliseconds limit) {
  if (const auto mode = ask(port, limit)) return {.mode = *mode, .source = "kube-proxy's /proxyMode"};
  std::vector<Iptables> iptables = all_iptables(commands);
  constexpr std::array<std::string_view, 1> kNat{"nat"};
  ReadAhead ahead(commands);
  ahead.begin(list_tables());
  iptables.front().begin_saving(kNat, ahead);  // has it as a rule
  if (has_nftables_table(commands)) {
    return {.mode = KubeProxyMode::nftables, .source = "nftables table kube-proxy"};
  }
  // In this mode there is a chain KUBE-SERVICES too: IPVS comes first.
  if (::if_nametoindex("kube-ipvs0") != 0)
    return {.mode = KubeProxyMode::ipvs, .source = "interface kube-ipvs0"};
  if (has_ipvs_services()) return {.mode = KubeProxyMode::ipvs, .source = "virtual services of IPVS"};
  std::optional<std::string> unread;
  if (const auto backend = services_chain(iptables, unread)) {
    return {.mode = KubeProxyMode::iptables,
            .source = fmt::format("chain KUBE-SERVICES (iptables-{})", to_string(*backend)),
            .backend = backend};
  }
  return {.mode = KubeProxyMode::none,
          .source = unread ? "no trace of kube-proxy that could be read" : "no trace of kube-proxy",
          .unread = std::move(unread)};
}

std::optional<KubeProxyMode> parse_proxy_mode(std::string_view text) noexcept {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
  if (text == "iptables") return KubeProxyMode::iptables;
  if (text == "ipvs") return KubeProxyMode::ipvs;
  if (text == "nftables") return KubeProxyMode::nftables;
  return std::nullopt;
}

}  // namespace nld::net
