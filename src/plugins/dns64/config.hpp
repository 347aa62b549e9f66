// The `dns64` directive as data.
#pragma once

#include <array>
#include <cstdint>

namespace nld::plugins {

struct Dns64Config {
  std::array<std::uint8_t, 16> prefix{0, 0x64, 0xFF, 0x9B};  ///< 64:ff9b::/96, RFC 6052 §2.1
  std::uint8_t prefix_octets = 12;                           ///< 4 to 12
  bool translate_all = false;                                ///< also where there is an AAAA record
  bool allow_ipv4 = false;                                   ///< also for clients that ask over IPv4
};

}  // namespace nld::plugins
