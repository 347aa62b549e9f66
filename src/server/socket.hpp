// Listening sockets: opened with what handover, missing interfaces and wildcard replies need.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "runtime/descriptor.hpp"
#include "runtime/socket_address.hpp"

namespace nld::server {

/// Non-blocking, close-on-exec, SO_REUSEPORT (workers side by side, and a new process beside the old one),
/// IP_FREEBIND (the interface may come and go under us). A wildcard IPv6 socket takes IPv4 too and reports
/// the address each packet was sent to. Errors read "listen udp 169.254.20.10:53: permission denied".
/// `processor`: of the sockets that share the port, this one gets what is sent there.
std::expected<runtime::Descriptor, std::string> open_udp(const runtime::SocketAddress& address,
                                                         std::optional<int> processor = std::nullopt);
std::expected<runtime::Descriptor, std::string> open_tcp(const runtime::SocketAddress& address);

}  // namespace nld::server
