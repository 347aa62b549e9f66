// Networks as a Corefile names them, and whether an address lies in one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dns/wire.hpp"
#include "runtime/socket_address.hpp"

namespace nld::plugins {

/// An address as a number that ranges can be made of. IPv4-mapped IPv6 counts as IPv4.
struct AddressNumber {
  __extension__ using Value = unsigned __int128;
  bool v6 = false;
  Value value = 0;

  static AddressNumber of(const runtime::SocketAddress& address) noexcept;
  /// The RDATA of an A or AAAA record: 4 or 16 octets.
  static AddressNumber of(dns::Bytes octets) noexcept;
  friend bool operator==(const AddressNumber&, const AddressNumber&) = default;
};

struct Network {
  bool v6 = false;
  AddressNumber::Value first = 0, last = 0;

  [[nodiscard]] bool holds(const AddressNumber& address) const noexcept {
    return address.v6 == v6 && address.value >= first && address.value <= last;
  }
  friend bool operator==(const Network&, const Network&) = default;
};

/// "10.0.0.0/8", "fd00::/8", or an address alone; bits of the host are ignored, as Go's ParseCIDR does.
std::optional<Network> parse_network(std::string_view text) noexcept;

/// Many networks as one set: a look-up is a binary search in ranges that do not overlap.
class NetworkSet {
 public:
  NetworkSet() = default;
  explicit NetworkSet(std::span<const Network> networks);
  [[nodiscard]] bool holds(const AddressNumber& address) const noexcept;
  /// Both families whole.
  static NetworkSet everything();
  [[nodiscard]] std::size_t ranges() const noexcept { return ranges_[0].size() + ranges_[1].size(); }

 private:
  struct Range {
    AddressNumber::Value first, last;
  };
  std::array<std::vector<Range>, 2> ranges_;  // IPv4, IPv6; ascending
};

}  // namespace nld::plugins
