// socket(2), its options, bind(2).
#include "upstream/native_socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace nld::upstream {

std::expected<NativeSocket, ExchangeError> NativeSocket::open(
    Protocol protocol, const runtime::SocketAddress& remote,
    const std::optional<runtime::SocketAddress>& source) {
  const int type = protocol == Protocol::udp ? SOCK_DGRAM : SOCK_STREAM;
  NativeSocket socket(::socket(remote.is_v6() ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.handle_.is_open())
    return std::unexpected(dial_error(protocol, remote, source, "socket", errno));
  const int on = 1;
  if (protocol == Protocol::tcp) {
    // Queries are small and gathered by us; waiting for the previous one's ACK would only delay them.
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (source) {
    // Leaves the port to connect(2), which then only has to be unique per destination (ip(7)). UDP binds
    // here: without a port a UDP socket would share one with others of that address.
    if (protocol == Protocol::tcp) {
      ::setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    }
    runtime::SocketAddress bound = *source;
    bound.set_port(0);
    if (::bind(socket.get(), bound.native(), bound.native_size()) != 0) {
      return std::unexpected(dial_error(protocol, remote, source, "bind", errno));
    }
  }
  return socket;
}

runtime::SocketAddress NativeSocket::local() const noexcept {
  return local_address(get());
}

runtime::SocketAddress local_address(int handle) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(handle, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return runtime::SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&storage));
}

}  // namespace nld::upstream
