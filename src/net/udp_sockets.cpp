// The kernel prints addresses as 32-bit words in the machine's byte order.
#include "net/udp_sockets.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace nld::net {
namespace {

std::string as_listed(const runtime::SocketAddress& address) {
  std::array<std::uint32_t, 4> words{};
  const std::size_t count = address.is_v6() ? 4 : 1;
  if (address.is_v6()) {
    sockaddr_in6 native{};
    std::memcpy(&native, address.native(), sizeof native);
    std::memcpy(words.data(), &native.sin6_addr, sizeof native.sin6_addr);
  } else {
    sockaddr_in native{};
    std::memcpy(&native, address.native(), sizeof native);
    std::memcpy(words.data(), &native.sin_addr, sizeof native.sin_addr);
  }
  std::string text;
  for (std::size_t at = 0; at < count; ++at) text += fmt::format("{:08X}", words[at]);
  return fmt::format("{}:{:04X}", text, address.port());
}

}  // namespace

bool lists_socket(std::string_view listing, const runtime::SocketAddress& address) {
  // The local address comes first, behind the slot's number and a colon.
  return listing.contains(": " + as_listed(address) + " ");
}

bool udp_socket_at(const runtime::SocketAddress& address) {
  std::ifstream file(address.is_v6() ? "/proc/self/net/udp6" : "/proc/self/net/udp", std::ios::binary);
  const std::string listing{std::istreambuf_iterator<char>(file), {}};
  return lists_socket(listing, address);
}

}  // namespace nld::net
