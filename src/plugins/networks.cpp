// Parsing networks, and joining them to ranges.
#include "plugins/networks.hpp"

#include <algorithm>
#include <charconv>

namespace nld::plugins {
namespace {

using Value = AddressNumber::Value;

Value number_of(dns::Bytes octets) noexcept {
  Value value = 0;
  for (const std::uint8_t octet : octets) value = (value << 8U) | octet;
  return value;
}

Value lowest_bits(unsigned count) noexcept {
  return count >= 128 ? ~Value{0} : (Value{1} << count) - 1;
}

}  // namespace

AddressNumber AddressNumber::of(dns::Bytes octets) noexcept {
  return {.v6 = octets.size() == 16, .value = number_of(octets)};
}

AddressNumber AddressNumber::of(const runtime::SocketAddress& address) noexcept {
  if (!address.is_v6()) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.native());
    return of(dns::Bytes(reinterpret_cast<const std::uint8_t*>(&v4->sin_addr.s_addr), 4));
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.native());
  const dns::Bytes octets(v6->sin6_addr.s6_addr, 16);
  return of(IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? octets.last(4) : octets);
}

std::optional<Network> parse_network(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  const auto address = runtime::SocketAddress::from_ip(text.substr(0, slash), 0);
  // An interface ("fe80::1%eth0") is no part of a network.
  if (!address || text.find('%') != std::string_view::npos) return std::nullopt;
  const AddressNumber number = AddressNumber::of(*address);
  const unsigned width = number.v6 ? 128 : 32;
  unsigned length = width;
  if (slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), length);
    if (error != std::errc{} || end != bits.data() + bits.size() || length > width) return std::nullopt;
  }
  const Value host = lowest_bits(width - length);
  return Network{.v6 = number.v6, .first = number.value & ~host, .last = number.value | host};
}

NetworkSet::NetworkSet(std::span<const Network> networks) {
  for (const Network& network : networks) {
    ranges_[network.v6 ? 1 : 0].push_back({network.first, network.last});
  }
  for (std::vector<Range>& ranges : ranges_) {
    std::ranges::sort(ranges, {}, &Range::first);
    std::size_t kept = 0;
    for (const Range& range : ranges) {
      // Networks nest or are apart; neighbours are left as they are.
      if (kept > 0 && range.first <= ranges[kept - 1].last) {
        ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
      } else {
        ranges[kept++] = range;
      }
    }
    ranges.resize(kept);
  }
}

bool NetworkSet::holds(const AddressNumber& address) const noexcept {
  const std::vector<Range>& ranges = ranges_[address.v6 ? 1 : 0];
  const auto after = std::ranges::upper_bound(ranges, address.value, {}, &Range::first);
  return after != ranges.begin() && address.value <= std::prev(after)->last;
}

NetworkSet NetworkSet::everything() {
  const std::array<Network, 2> both{Network{.v6 = false, .first = 0, .last = lowest_bits(32)},
                                    Network{.v6 = true, .first = 0, .last = lowest_bits(128)}};
  return NetworkSet(both);
}

}  // namespace nld::plugins
