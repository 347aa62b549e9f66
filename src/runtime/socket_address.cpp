// Socket addresses: text forms and comparison.
#include "runtime/socket_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <array>
#include <cstring>

namespace nld::runtime {

SocketAddress::SocketAddress() noexcept : v6_{} {
  v4_.sin_family = AF_INET;
}

std::optional<SocketAddress> SocketAddress::from_ip(std::string_view ip, std::uint16_t port) noexcept {
  std::array<char, INET6_ADDRSTRLEN + IF_NAMESIZE + 2> text{};
  if (ip.empty() || ip.size() >= text.size()) return std::nullopt;
  std::memcpy(text.data(), ip.data(), ip.size());
  sockaddr_in v4{};
  if (inet_pton(AF_INET, text.data(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return SocketAddress(v4);
  }
  sockaddr_in6 v6{};
  if (char* zone = std::strchr(text.data(), '%')) {
    v6.sin6_scope_id = if_nametoindex(zone + 1);
    if (v6.sin6_scope_id == 0) return std::nullopt;
    *zone = '\0';
  }
  if (inet_pton(AF_INET6, text.data(), &v6.sin6_addr) != 1) return std::nullopt;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  return SocketAddress(v6);
}

SocketAddress SocketAddress::from_native(const sockaddr* address) noexcept {
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    return SocketAddress(v6);
  }
  sockaddr_in v4{};
  std::memcpy(&v4, address, sizeof v4);
  return SocketAddress(v4);
}

bool SocketAddress::is_wildcard() const noexcept {
  return is_v6() ? IN6_IS_ADDR_UNSPECIFIED(&v6_.sin6_addr) : v4_.sin_addr.s_addr == INADDR_ANY;
}

bool SocketAddress::is_loopback() const noexcept {
  constexpr std::uint32_t kLoopbackNet = 127;
  constexpr unsigned kHostBits = 24;
  return is_v6() ? IN6_IS_ADDR_LOOPBACK(&v6_.sin6_addr)
                 : ntohl(v4_.sin_addr.s_addr) >> kHostBits == kLoopbackNet;
}

std::uint16_t SocketAddress::port() const noexcept {
  return ntohs(is_v6() ? v6_.sin6_port : v4_.sin_port);
}

void SocketAddress::set_port(std::uint16_t port) noexcept {
  if (is_v6()) {
    v6_.sin6_port = htons(port);
  } else {
    v4_.sin_port = htons(port);
  }
}

std::string SocketAddress::ip_text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (!is_v6()) return inet_ntop(AF_INET, &v4_.sin_addr, text.data(), text.size());
  if (IN6_IS_ADDR_V4MAPPED(&v6_.sin6_addr)) {
    return inet_ntop(AF_INET, &v6_.sin6_addr.s6_addr[12], text.data(), text.size());
  }
  std::string out = inet_ntop(AF_INET6, &v6_.sin6_addr, text.data(), text.size());
  std::array<char, IF_NAMESIZE> zone{};
  if (v6_.sin6_scope_id != 0 && if_indextoname(v6_.sin6_scope_id, zone.data()) != nullptr) {
    out.append("%").append(zone.data());
  }
  return out;
}

std::string SocketAddress::to_string() const {
  const std::string ip = ip_text();
  const bool brackets = ip.find(':') != std::string::npos;
  return (brackets ? "[" + ip + "]" : ip) + ":" + std::to_string(port());
}

bool operator==(const SocketAddress& left, const SocketAddress& right) noexcept {
  return (left <=> right) == std::strong_ordering::equal;
}

std::strong_ordering operator<=>(const SocketAddress& left, const SocketAddress& right) noexcept {
  if (const auto order = left.is_v6() <=> right.is_v6(); order != 0) return order;
  const int bytes = left.is_v6() ? std::memcmp(&left.v6_.sin6_addr, &right.v6_.sin6_addr, sizeof(in6_addr))
                                 : std::memcmp(&left.v4_.sin_addr, &right.v4_.sin_addr, sizeof(in_addr));
  if (bytes != 0) return bytes <=> 0;
  if (left.is_v6()) {
    if (const auto order = left.v6_.sin6_scope_id <=> right.v6_.sin6_scope_id; order != 0) return order;
  }
  return left.port() <=> right.port();
}

}  // namespace nld::runtime
