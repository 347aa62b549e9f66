// Sockets as /proc lists them, and one of our own.
#include "net/udp_sockets.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "runtime/descriptor.hpp"

namespace nld::net {
namespace {

constexpr std::string_view kListing =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref "
    "pointer drops\n"
    "   17: 0A14FEA9:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0\n"
    "  117: 00000000:0044 0A14FEA9:0035 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0\n";

TEST(UdpSockets, ExactlyThisAddressAndPort) {
  EXPECT_TRUE(lists_socket(kListing, *runtime::SocketAddress::from_ip("169.254.20.10", 53)));
  EXPECT_FALSE(lists_socket(kListing, *runtime::SocketAddress::from_ip("169.254.20.10", 54)));
  EXPECT_FALSE(lists_socket(kListing, *runtime::SocketAddress::from_ip("169.254.20.11", 53)));
  EXPECT_FALSE(lists_socket(kListing, *runtime::SocketAddress::from_ip("0.0.0.0", 53)))
      << "a wildcard is not it";
}

TEST(UdpSockets, TheKernelsOwnListing) {
  for (const char* ip : {"127.0.0.1", "::1"}) {
    const auto address = *runtime::SocketAddress::from_ip(ip, 0);
    const runtime::Descriptor socket(::socket(address.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
    if (::bind(socket.get(), address.native(), address.native_size()) != 0) continue;  // no IPv6 here
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
    auto here = runtime::SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&bound));
    EXPECT_TRUE(udp_socket_at(here)) << here.to_string();
    here.set_port(1);
    EXPECT_FALSE(udp_socket_at(here));
  }
}

}  // namespace
}  // namespace nld::net
