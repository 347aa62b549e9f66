// Kinds of addresses that decisions hang on.
#include "runtime/socket_address.hpp"

#include <gtest/gtest.h>

namespace nld::runtime {
namespace {

SocketAddress address(const char* text) {
  const auto parsed = SocketAddress::from_ip(text, 53);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(SocketAddress());
}

TEST(SocketAddress, Loopback) {
  for (const char* text : {"127.0.0.1", "127.1.2.3", "127.255.255.255", "::1"}) {
    EXPECT_TRUE(address(text).is_loopback()) << text;
  }
  for (const char* text :
       {"126.255.255.255", "128.0.0.1", "169.254.20.10", "0.0.0.0", "::", "::2", "fd00::1"}) {
    EXPECT_FALSE(address(text).is_loopback()) << text;
  }
}

TEST(SocketAddress, Wildcard) {
  EXPECT_TRUE(address("0.0.0.0").is_wildcard());
  EXPECT_TRUE(address("::").is_wildcard());
  EXPECT_FALSE(address("127.0.0.1").is_wildcard());
  EXPECT_FALSE(address("::1").is_wildcard());
}

}  // namespace
}  // namespace nld::runtime
