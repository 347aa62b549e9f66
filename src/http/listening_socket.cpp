// Listening sockets by system calls: Asio has no SO_REUSEPORT, no freebind and no close-on-exec.
#include "http/listening_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace nld::http {
namespace {

constexpr int kBacklog = 128;

struct Failure {
  const char* step;
  int reason;
};

bool set_option(int fd, int level, int name, int value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

std::expected<ListeningSocket, Failure> try_open(const runtime::SocketAddress& address) {
  const int family = address.is_v6() ? AF_INET6 : AF_INET;
  runtime::Descriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return std::unexpected(Failure{"socket", errno});
  const bool reusable =
      set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) && set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  // The node's own address appears when the network is set up, perhaps after us.
  const bool free = address.is_v6() ? set_option(fd.get(), IPPROTO_IPV6, IPV6_FREEBIND, 1)
                                    : set_option(fd.get(), IPPROTO_IP, IP_FREEBIND, 1);
  const bool stack =
      !address.is_v6() || set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, address.is_wildcard() ? 0 : 1);
  if (!reusable || !free || !stack) return std::unexpected(Failure{"setsockopt", errno});
  if (::bind(fd.get(), address.native(), address.native_size()) != 0) {
    return std::unexpected(Failure{"bind", errno});
  }
  if (::listen(fd.get(), kBacklog) != 0) return std::unexpected(Failure{"listen", errno});
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  auto* const generic = reinterpret_cast<sockaddr*>(&bound);
  if (::getsockname(fd.get(), generic, &size) != 0) return std::unexpected(Failure{"getsockname", errno});
  return ListeningSocket{std::move(fd), runtime::SocketAddress::from_native(generic)};
}

}  // namespace

std::expected<ListeningSocket, OpenFailure> open_listening_socket(const runtime::SocketAddress& address) {
  auto opened = try_open(address);
  const bool no_v6 =
      !opened && (opened.error().reason == EAFNOSUPPORT || opened.error().reason == EADDRNOTAVAIL);
  if (no_v6 && address.is_v6() && address.is_wildcard()) {
    // ipv6.disable=1 takes the family away, disable_ipv6=1 the addresses.
    sockaddr_in any{};
    any.sin_family = AF_INET;
    runtime::SocketAddress wildcard(any);
    wildcard.set_port(address.port());
    opened = try_open(wildcard);
  }
  if (!opened) {
    const auto [step, reason] = opened.error();
    return std::unexpected(OpenFailure{.what = "cannot listen on " + address.to_string() + ": " + step +
                                               ": " + std::generic_category().message(reason),
                                       .in_use = reason == EADDRINUSE});
  }
  return std::move(*opened);
}

}  // namespace nld::http
