// Exchange errors with texts in the form of Go's net.OpError, which users' `errors` expressions match.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/socket_address.hpp"
#include "upstream/exchange.hpp"

namespace nld::upstream {

/// The two ends of a socket and what runs over it, as the texts name them.
struct Route {
  Protocol protocol{};
  runtime::SocketAddress local;
  runtime::SocketAddress remote;
};

/// "dial tcp 10.0.0.10:53: connect: connection refused". `call` is the system call that failed.
ExchangeError dial_error(Protocol protocol, const runtime::SocketAddress& remote,
                         const std::optional<runtime::SocketAddress>& source, std::string_view call,
                         int error);
/// "dial tcp 10.0.0.10:53: i/o timeout"
ExchangeError dial_timeout(Protocol protocol, const runtime::SocketAddress& remote,
                           const std::optional<runtime::SocketAddress>& source);
/// "read udp 10.0.0.2:41234->10.0.0.10:53: read: connection refused". `call` is "read" or "write".
ExchangeError io_error(const Route& route, std::string_view call, int error);
/// "read udp 10.0.0.2:41234->10.0.0.10:53: i/o timeout"
ExchangeError read_timeout(const Route& route);
/// A handshake that failed, in the words of Go's crypto/tls: those texts have no addresses.
ExchangeError handshake_error(std::string_view what);
/// What the peer sent is no DNS.
ExchangeError malformed_error(const Route& route, std::string_view what);
/// A bound of ours is reached, or the program shuts down.
ExchangeError local_error(const runtime::SocketAddress& remote, std::string_view what);

}  // namespace nld::upstream
