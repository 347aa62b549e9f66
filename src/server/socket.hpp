// Listening sockets: opened with what handover, missing interfaces and wildcard replies need.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "runtime/socket_address.hpp"

namespace nld::server {

/// An owned file descriptor.
class Socket {
 public:
  Socket() noexcept = default;
  explicit Socket(int descriptor) noexcept : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// Non-blocking, close-on-exec, SO_REUSEPORT (workers side by side, and a new process beside the old one),
/// IP_FREEBIND (the interface may come and go under us). A wildcard IPv6 socket takes IPv4 too and reports
/// the address each packet was sent to. Errors read "listen udp 169.254.20.10:53: permission denied".
std::expected<Socket, std::string> open_udp(const runtime::SocketAddress& address);
std::expected<Socket, std::string> open_tcp(const runtime::SocketAddress& address);

}  // namespace nld::server
