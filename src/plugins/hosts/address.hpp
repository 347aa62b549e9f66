// Addresses as octets: from the text of a hosts file and from the name of a reverse query.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dns/name.hpp"

namespace nld::plugins {

/// IPv6, or IPv4 as its mapped form, so that ::ffff:10.0.0.1 and 10.0.0.1 are one.
struct HostAddress {
  std::array<std::uint8_t, 16> octets{};

  [[nodiscard]] bool is_v4() const noexcept;
  /// 4 or 16: the RDATA of its record.
  [[nodiscard]] dns::Bytes rdata() const noexcept {
    return is_v4() ? dns::Bytes(octets).last(4) : dns::Bytes(octets);
  }
  friend bool operator==(const HostAddress&, const HostAddress&) = default;
};

/// "10.0.0.1", "fd00::1", "fe80::1%eth0" (the zone is left out, as CoreDNS does).
std::optional<HostAddress> parse_host_address(std::string_view text) noexcept;
/// The address that a name below in-addr.arpa or ip6.arpa stands for; nothing for other names and for those
/// of networks.
std::optional<HostAddress> reverse_address(dns::NameView name) noexcept;

}  // namespace nld::plugins
