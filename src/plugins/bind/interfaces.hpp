// The addresses of the host's network interfaces, for `bind IFACE`.
#pragma once

#include <string_view>
#include <vector>

#include "corefile/syntax.hpp"
#include "runtime/socket_address.hpp"

namespace nld::plugins {

/// In the kernel's order, ports 0, link-local IPv6 addresses with their scope. Empty: no such interface, it
/// has no address, or the kernel did not say.
std::vector<runtime::SocketAddress> interface_addresses(std::string_view name);

/// corefile::real_surroundings() with the interfaces of this host.
corefile::Surroundings real_surroundings_with_interfaces();

}  // namespace nld::plugins
