// Who has a UDP socket here: /proc/net/udp and udp6.
#pragma once

#include <string_view>

#include "runtime/socket_address.hpp"

namespace nld::net {

/// Whether `listing`, the text of /proc/net/udp or udp6, has a socket bound to exactly this address and port.
bool lists_socket(std::string_view listing, const runtime::SocketAddress& address);
/// In this network namespace, now; false when the kernel does not say.
bool udp_socket_at(const runtime::SocketAddress& address);

}  // namespace nld::net
