// An IPv4 or IPv6 socket address as the kernel has it, in 28 octets.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace nld::runtime {

class SocketAddress {
 public:
  SocketAddress() noexcept;
  explicit SocketAddress(const sockaddr_in& v4) noexcept : v4_(v4) {}
  explicit SocketAddress(const sockaddr_in6& v6) noexcept : v6_(v6) {}
  /// "10.0.0.1", "fd00::1", "fe80::1%eth0": the address alone, port given apart.
  static std::optional<SocketAddress> from_ip(std::string_view ip, std::uint16_t port) noexcept;
  static SocketAddress from_native(const sockaddr* address) noexcept;

  [[nodiscard]] const sockaddr* native() const noexcept { return &any_; }
  [[nodiscard]] sockaddr* native() noexcept { return &any_; }
  [[nodiscard]] socklen_t native_size() const noexcept {
    return is_v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  }
  [[nodiscard]] bool is_v6() const noexcept { return any_.sa_family == AF_INET6; }
  [[nodiscard]] bool is_wildcard() const noexcept;
  [[nodiscard]] bool is_loopback() const noexcept;  ///< 127.0.0.0/8, ::1
  [[nodiscard]] std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  [[nodiscard]] std::string ip_text() const;    ///< "10.0.0.1", "fd00::1"; IPv4-mapped shown as IPv4
  [[nodiscard]] std::string to_string() const;  ///< "10.0.0.1:53", "[fd00::1]:53"
  friend bool operator==(const SocketAddress& left, const SocketAddress& right) noexcept;
  friend std::strong_ordering operator<=>(const SocketAddress& left, const SocketAddress& right) noexcept;

 private:
  union {
    sockaddr any_;
    sockaddr_in v4_;
    sockaddr_in6 v6_;
  };
};

}  // namespace nld::runtime
