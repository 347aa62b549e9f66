// Opens a listening TCP socket the way every socket of the program is opened.
#pragma once

#include <expected>

#include "http/open_failure.hpp"
#include "runtime/descriptor.hpp"
#include "runtime/socket_address.hpp"

namespace nld::http {

struct ListeningSocket {
  runtime::Descriptor fd;
  runtime::SocketAddress local;
};

/// Non-blocking, close-on-exec, SO_REUSEADDR, SO_REUSEPORT, freebind; see Listener::open.
std::expected<ListeningSocket, OpenFailure> open_listening_socket(const runtime::SocketAddress& address);

}  // namespace nld::http
