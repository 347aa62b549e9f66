// Which mode kube-proxy runs in on this node.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/command.hpp"
#include "net/iptables/iptables.hpp"
#include "net/kube_proxy/http_get.hpp"
#include "net/rules/rule_set.hpp"

namespace nld::net {

struct KubeProxyFinding {
  KubeProxyMode mode = KubeProxyMode::none;
  std::string source;                ///< "kube-proxy's /proxyMode", "chain KUBE-SERVICES (iptables-nft)", …
  std::optional<Backend> backend{};  ///< the one in which its chain was seen
  std::optional<std::string> unread{};  ///< with mode `none`: why its chain may be there all the same
};

/// Asks http://127.0.0.1:10249/proxyMode (for `limit`), else looks at the kernel: table `kube-proxy` of
/// nftables, interface kube-ipvs0 or virtual services of IPVS, chain KUBE-SERVICES of iptables.
KubeProxyFinding detect_kube_proxy(CommandRunner& commands, std::uint16_t port = kKubeProxyPort,
                                   std::chrono::milliseconds limit = std::chrono::milliseconds(300));

/// "iptables", "ipvs", "nftables", also with blanks around; nothing for others ("userspace").
std::optional<KubeProxyMode> parse_proxy_mode(std::string_view text) noexcept;

}  // namespace nld::net
