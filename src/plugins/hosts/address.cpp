// Reading addresses.
#include "plugins/hosts/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace nld::plugins {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::array<std::uint8_t, 14> kV4Zone{7,   'i', 'n', '-', 'a', 'd', 'd',
                                               'r', 4,   'a', 'r', 'p', 'a', 0};
constexpr std::array<std::uint8_t, 10> kV6Zone{3, 'i', 'p', '6', 4, 'a', 'r', 'p', 'a', 0};

/// A decimal octet as Go reads it: no leading zeros.
std::optional<std::uint8_t> decimal(dns::Bytes label) noexcept {
  if (label.empty() || label.size() > 3 || (label.size() > 1 && label[0] == '0')) return std::nullopt;
  unsigned value = 0;
  for (const std::uint8_t digit : label) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  if (value > 255) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

std::optional<std::uint8_t> nibble(dns::Bytes label) noexcept {
  if (label.size() != 1) return std::nullopt;
  const std::uint8_t letter = dns::lower(label[0]);
  if (letter >= '0' && letter <= '9') return static_cast<std::uint8_t>(letter - '0');
  if (letter >= 'a' && letter <= 'f') return static_cast<std::uint8_t>(letter - 'a' + 10);
  return std::nullopt;
}

/// The labels before a zone of `zone_size` octets, last first; false: not `count` of them, or one does not
/// fit.
template <class Read>
bool read_labels(dns::NameView name, std::size_t zone_size, std::size_t count, Read read) noexcept {
  const std::size_t end = name.size() - zone_size;
  std::size_t at = 0;
  while (count > 0 && at < end) {
    if (!read(--count, name.subspan(at + 1, name[at]))) return false;
    at += name[at] + 1U;
  }
  return count == 0 && at == end;
}

}  // namespace

bool HostAddress::is_v4() const noexcept {
  return std::ranges::equal(dns::Bytes(octets).first(kMapped.size()), kMapped);
}

std::optional<HostAddress> parse_host_address(std::string_view text) noexcept {
  text = text.substr(0, text.find('%'));
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return std::nullopt;
  std::ranges::copy(text, copy.begin());
  HostAddress address;
  if (inet_pton(AF_INET6, copy.data(), address.octets.data()) == 1) return address;
  std::ranges::copy(kMapped, address.octets.begin());
  if (inet_pton(AF_INET, copy.data(), address.octets.data() + kMapped.size()) == 1) return address;
  return std::nullopt;
}

std::optional<HostAddress> reverse_address(dns::NameView name) noexcept {
  HostAddress address;
  if (dns::is_at_or_below(name, kV4Zone)) {
    std::ranges::copy(kMapped, address.octets.begin());
    const bool whole = read_labels(name, kV4Zone.size(), 4, [&](std::size_t index, dns::Bytes label) {
      const auto value = decimal(label);
      if (value) address.octets[kMapped.size() + index] = *value;
      return value.has_value();
    });
    return whole ? std::optional(address) : std::nullopt;
  }
  if (!dns::is_at_or_below(name, kV6Zone)) return std::nullopt;
  const bool whole = read_labels(name, kV6Zone.size(), 32, [&](std::size_t index, dns::Bytes label) {
    const auto value = nibble(label);
    if (!value) return false;
    std::uint8_t& octet = address.octets[index / 2];
    octet = static_cast<std::uint8_t>(octet | (index % 2 == 0 ? *value << 4U : *value));
    return true;
  });
  return whole ? std::optional(address) : std::nullopt;
}

}  // namespace nld::plugins
