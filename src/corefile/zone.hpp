// Zones as server block keys and directive arguments write them, reverse zones from CIDR included.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.hpp"

namespace nld::corefile {

struct ZoneKeySpec {
  std::string scheme = "dns";           ///< also "tls", "https", "https3", "grpc", "quic", "unix"
  std::vector<dns::Name> zones;         ///< lower-case, at least one; a CIDR gives 1 to 128, in order
  std::optional<std::uint16_t> port{};  ///< nothing: the scheme's default
};

/// "example.org", "example.org.:53", "dns://.:5300", "10.0.0.0/8", "2001:db8::/33". A prefix that does not
/// end on an octet (IPv4) or nibble (IPv6) becomes the zones of the next longer one that does, as in CoreDNS.
/// Stricter than CoreDNS, which serves "a,b" or "a:b" as names: what cannot be meant is an error.
std::expected<ZoneKeySpec, std::string> parse_zone_key(std::string_view text);

/// A zone as a directive's argument: as a key, with scheme and port read and dropped.
std::expected<std::vector<dns::Name>, std::string> parse_zone(std::string_view text);

}  // namespace nld::corefile
