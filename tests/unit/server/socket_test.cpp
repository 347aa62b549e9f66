// What a listening socket asks of the kernel.
#include "server/socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace nld::server {
namespace {

int option(const runtime::Descriptor& socket, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(socket.get(), SOL_SOCKET, name, &value, &size), 0);
  return value;
}

TEST(UdpSocket, IsOfOneProcessorIfItIsSaid) {
  const auto loopback = *runtime::SocketAddress::from_ip("127.0.0.1", 0);
  EXPECT_EQ(option(open_udp(loopback, 0).value(), SO_INCOMING_CPU), 0);
  EXPECT_EQ(option(open_udp(loopback).value(), SO_INCOMING_CPU), -1);
}

}  // namespace
}  // namespace nld::server
