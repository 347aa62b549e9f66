// A netlink socket that hears what the kernel tells groups of listeners.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "runtime/descriptor.hpp"

namespace nld::net {

/// Non-blocking. `protocol` is NETLINK_ROUTE, NETLINK_NETFILTER …; groups by number, not by bit.
std::expected<runtime::Descriptor, std::string> open_group_socket(int protocol, std::span<const int> groups);

struct Receipt {
  enum class Kind : std::uint8_t {
    messages,  ///< `size` octets
    ignored,   ///< not from the kernel
    nothing,   ///< none waits
    overrun,   ///< messages were lost; the socket goes on
    broken,    ///< it will not recover
  };
  Kind kind = Kind::nothing;
  std::size_t size = 0;
};

Receipt receive(int socket, std::span<std::byte> buffer) noexcept;

}  // namespace nld::net
