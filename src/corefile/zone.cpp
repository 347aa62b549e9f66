// Keys to names: scheme, port, and the reverse zones of RFC 1035 §3.5 and RFC 3596 §2.5.
#include "corefile/zone.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "corefile/lexer.hpp"

namespace nld::corefile {
namespace {

constexpr std::array<std::string_view, 7> kSchemes = {"dns",  "tls",  "https", "https3",
                                                      "grpc", "quic", "unix"};

std::string named(std::string_view text) {
  return "'" + std::string(text) + "'";
}

/// All of `text` as a decimal number; nothing when it is something else or too large.
std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

struct Address {
  std::array<std::uint8_t, 16> octets{};
  bool v6 = false;
};

std::optional<Address> parse_address(std::string_view text) {
  Address address;
  const std::string copy(text);
  if (inet_pton(AF_INET, copy.c_str(), address.octets.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, copy.c_str(), address.octets.data()) == 1) return address;
  return std::nullopt;
}

/// The zones that together cover the prefix: one for each value of the last digit that it leaves open.
std::vector<dns::Name> reverse_zones(const Address& address, unsigned prefix) {
  const unsigned width = address.v6 ? 4 : 8;
  const unsigned digits = (prefix + width - 1) / width;
  const unsigned open_bits = digits * width - prefix;
  const auto digit_at = [&](unsigned index) -> unsigned {
    if (!address.v6) return address.octets[index];
    const unsigned octet = address.octets[index / 2];
    return index % 2 == 0 ? octet >> 4U : octet & 0xFU;
  };
  const auto label = [&](unsigned digit) {
    std::array<char, 3> text{};
    const auto result = std::to_chars(text.data(), text.data() + text.size(), digit, address.v6 ? 16 : 10);
    return std::string(text.data(), result.ptr) + ".";
  };
  std::string parent = address.v6 ? "ip6.arpa." : "in-addr.arpa.";
  for (unsigned index = 0; index + 1 < digits; ++index) parent.insert(0, label(digit_at(index)));

  std::vector<dns::Name> zones;
  // Always a name: at most 32 one-character labels before "ip6.arpa.".
  if (digits == 0) {
    zones.push_back(dns::Name::from_text(parent).value());
    return zones;
  }
  const unsigned first = digit_at(digits - 1) >> open_bits << open_bits;
  for (unsigned digit = first; digit < first + (1U << open_bits); ++digit) {
    zones.push_back(dns::Name::from_text(label(digit) + parent).value());
  }
  return zones;
}

std::expected<std::vector<dns::Name>, std::string> zones_of(std::string_view text) {
  if (text.empty()) return std::unexpected("expected a zone, found nothing; '.' is the root");
  if (const auto slash = text.rfind('/'); slash != std::string_view::npos) {
    // RFC 2317 names have a slash too: only an address before it makes a prefix.
    if (const auto address = parse_address(text.substr(0, slash))) {
      const auto prefix = text.substr(slash + 1);
      const auto length = all_digits(prefix) ? number(prefix) : std::nullopt;
      const unsigned longest = address->v6 ? 128 : 32;
      if (!length || *length > longest) {
        return std::unexpected("invalid CIDR " + named(text) + ": expected a prefix length from 0 to " +
                               std::to_string(longest));
      }
      return reverse_zones(*address, *length);
    }
  }
  for (std::size_t offset = 0; offset < text.size(); ++offset) {
    if (blank_size(text, offset) != 0) return std::unexpected("zone " + named(text) + " contains a blank");
  }
  if (text.find_first_of(",:{}") != std::string_view::npos) {
    return std::unexpected("invalid zone " + named(text) + ": expected name[:port] or address/prefix[:port]");
  }
  const auto name = dns::Name::from_text(text);
  if (!name) {
    return std::unexpected("invalid zone " + named(text) + ": " + std::string(dns::describe(name.error())));
  }
  return std::vector{name->lowered()};
}

}  // namespace

std::expected<ZoneKeySpec, std::string> parse_zone_key(std::string_view text) {
  ZoneKeySpec spec;
  std::string_view rest = text;
  if (const auto mark = text.find("://"); mark != std::string_view::npos) {
    const std::string_view scheme = text.substr(0, mark);
    if (std::ranges::find(kSchemes, scheme) == kSchemes.end()) {
      return std::unexpected("unknown scheme " + named(scheme) + " in " + named(text) + ": expected dns");
    }
    spec.scheme = scheme;
    rest.remove_prefix(mark + 3);
  }
  if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
    const std::string_view port = rest.substr(colon + 1);
    if (port.empty()) return std::unexpected("expected a port after ':' in " + named(text));
    if (all_digits(port)) {
      const auto value = number(port);
      if (!value || *value > 65535) {
        return std::unexpected("invalid port " + named(port) + " in " + named(text) +
                               ": expected 0 to 65535");
      }
      spec.port = static_cast<std::uint16_t>(*value);
      rest = rest.substr(0, colon);
    }
  }
  auto zones = zones_of(rest);
  if (!zones) return std::unexpected(std::move(zones.error()));
  spec.zones = std::move(*zones);
  return spec;
}

std::expected<std::vector<dns::Name>, std::string> parse_zone(std::string_view text) {
  auto spec = parse_zone_key(text);
  if (!spec) return std::unexpected(std::move(spec.error()));
  return std::move(spec->zones);
}

}  // namespace nld::corefile
