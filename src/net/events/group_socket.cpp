// socket(2) to recvmsg(2) of a netlink listener.
#include "net/events/group_socket.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace nld::net {
namespace {

// A full sync of a large kube-proxy makes tens of thousands of rule messages of 200 to 500 octets in one go.
constexpr int kReceiveBuffer = 8 << 20;

std::unexpected<std::string> failed(const char* step) {
  return std::unexpected(std::string(step) + ": " + std::generic_category().message(errno));
}

}  // namespace

std::expected<runtime::Descriptor, std::string> open_group_socket(int protocol, std::span<const int> groups) {
  runtime::Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!socket.is_open()) return failed("socket");
  // Beyond net.core.rmem_max with CAP_NET_ADMIN; without it, as far as that lets us.
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
    static_cast<void>(
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer));
  }
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0)
    return failed("bind");
  for (const int group : groups) {
    if (::setsockopt(socket.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
      return failed("join a group");
    }
  }
  return socket;
}

Receipt receive(int socket, std::span<std::byte> buffer) noexcept {
  sockaddr_nl sender{};
  iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {.kind = Receipt::Kind::nothing};
    const bool lost = errno == ENOBUFS || errno == ENOMEM;
    return {.kind = lost ? Receipt::Kind::overrun : Receipt::Kind::broken};
  }
  // Only the kernel's port is 0: a process with our port number could send anything.
  if (message.msg_namelen != sizeof sender || sender.nl_pid != 0) return {.kind = Receipt::Kind::ignored};
  if ((message.msg_flags & MSG_TRUNC) != 0) return {.kind = Receipt::Kind::overrun};
  return {.kind = Receipt::Kind::messages, .size = static_cast<std::size_t>(size)};
}

}  // namespace nld::net
