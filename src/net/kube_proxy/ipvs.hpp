// What the fallback needs of IPVS.
#pragma once

#include <expected>
#include <optional>
#include <string>

namespace nld::net {

inline constexpr auto kIpvsConntrack = "/proc/sys/net/ipv4/vs/conntrack";

/// net.ipv4.vs.conntrack, which the fallback needs in IPVS mode: true when it is 1 now (it was, or we set
/// it); error: why not. Nothing: this kernel has no IPVS.
std::expected<std::optional<bool>, std::string> ensure_ipvs_conntrack(const char* setting = kIpvsConntrack);

/// Whether IPVS has virtual services in this network namespace.
bool has_ipvs_services();

}  // namespace nld::net
