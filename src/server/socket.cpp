// socket(2), its options, bind(2), listen(2).
#include "server/socket.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace nld::server {
namespace {

constexpr int kBacklog = 1024;
/// Room for a burst of some thousand queries while a worker is away for a few milliseconds.
constexpr int kReceiveBuffer = 4 << 20;

std::unexpected<std::string> failure(const char* protocol, const runtime::SocketAddress& address) {
  return std::unexpected("listen " + std::string(protocol) + " " + address.to_string() + ": " +
                         std::strerror(errno));
}

bool set(int descriptor, int level, int option, int value) noexcept {
  return setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

bool prepare(int descriptor, const runtime::SocketAddress& address) noexcept {
  bool done = set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) && set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) &&
              set(descriptor, IPPROTO_IP, IP_FREEBIND, 1);
  if (address.is_v6()) {
    done = done && set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, address.is_wildcard() ? 0 : 1);
  }
  return done;
}

}  // namespace

std::expected<runtime::Descriptor, std::string> open_udp(const runtime::SocketAddress& address,
                                                         std::optional<int> processor) {
  runtime::Descriptor socket(
      ::socket(address.native()->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open() || !prepare(socket.get(), address)) return failure("udp", address);
  if (!set(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer)) {
    set(socket.get(), SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);  // without CAP_NET_ADMIN: what rmem_max allows
  }
  if (address.is_wildcard()) {
    // Replies must leave from the address that was asked: learn it with each packet.
    const bool learns = address.is_v6() ? set(socket.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
                                              set(socket.get(), IPPROTO_IP, IP_PKTINFO, 1)
                                        : set(socket.get(), IPPROTO_IP, IP_PKTINFO, 1);
    if (!learns) return failure("udp", address);
  }
  // Never ask the path for a smaller MTU on the word of an ICMP message: forged ones make fragments
  // (RFC 9715 §3.1). IPV6 sockets take the IPv4 option too when they are dual-stack.
  set(socket.get(), IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  if (address.is_v6()) set(socket.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
  // The clients of a node run on it: a worker that is woken where its client runs needs no interrupt of
  // another processor. Kernels that do not ask this of sockets that share a port choose by hash, as before.
  if (processor) set(socket.get(), SOL_SOCKET, SO_INCOMING_CPU, *processor);
  if (bind(socket.get(), address.native(), address.native_size()) != 0) return failure("udp", address);
  return socket;
}

std::expected<runtime::Descriptor, std::string> open_tcp(const runtime::SocketAddress& address) {
  runtime::Descriptor socket(
      ::socket(address.native()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open() || !prepare(socket.get(), address)) return failure("tcp", address);
  if (bind(socket.get(), address.native(), address.native_size()) != 0) return failure("tcp", address);
  if (listen(socket.get(), kBacklog) != 0) return failure("tcp", address);
  return socket;
}

}  // namespace nld::server
