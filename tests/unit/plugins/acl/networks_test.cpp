// Networks: parsing, and sets of many.
#include "plugins/networks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

namespace nld::plugins {
namespace {

AddressNumber number(const char* ip) {
  return AddressNumber::of(*runtime::SocketAddress::from_ip(ip, 53));
}

NetworkSet set_of(std::initializer_list<const char*> texts) {
  std::vector<Network> networks;
  for (const char* text : texts) networks.push_back(parse_network(text).value());
  return NetworkSet(networks);
}

TEST(Networks, Parse) {
  for (const char* good : {"10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "::/0", "fd00::1/128", "fd00::1"}) {
    EXPECT_TRUE(parse_network(good)) << good;
  }
  for (const char* bad : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "fd00::/129",
                          "a.test/8", "fe80::1%lo", "10.0.0/8"}) {
    EXPECT_FALSE(parse_network(bad)) << bad;
  }
  EXPECT_EQ(parse_network("10.1.2.3/8"), parse_network("10.0.0.0/8")) << "bits of the host do not count";
}

TEST(Networks, HoldTheirEnds) {
  const Network network = parse_network("192.0.2.0/30").value();
  EXPECT_FALSE(network.holds(number("192.0.1.255")));
  EXPECT_TRUE(network.holds(number("192.0.2.0")));
  EXPECT_TRUE(network.holds(number("192.0.2.3")));
  EXPECT_FALSE(network.holds(number("192.0.2.4")));
  EXPECT_TRUE(network.holds(number("::ffff:192.0.2.1"))) << "IPv4 that came by a dual-stack socket";
  EXPECT_FALSE(parse_network("::/0")->holds(number("192.0.2.1"))) << "as Go: an IPv6 network holds no IPv4";
}

TEST(Networks, ASetOfMany) {
  const NetworkSet set =
      set_of({"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.0.2.1", "fd00::/8", "fd00::1"});
  EXPECT_EQ(set.ranges(), 3U) << "nested ones are one range";
  for (const char* inside : {"10.0.0.0", "10.255.255.255", "10.1.2.3", "192.0.2.1", "fdff::1"}) {
    EXPECT_TRUE(set.holds(number(inside))) << inside;
  }
  for (const char* outside : {"9.255.255.255", "11.0.0.0", "192.0.2.0", "192.0.2.2", "fe00::", "::1"}) {
    EXPECT_FALSE(set.holds(number(outside))) << outside;
  }
  EXPECT_FALSE(NetworkSet().holds(number("10.0.0.1")));
  for (const char* any : {"0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_TRUE(NetworkSet::everything().holds(number(any))) << any;
  }
}

TEST(Networks, ASetAgreesWithLookingAtEach) {
  std::vector<Network> networks;
  for (std::uint32_t i = 0; i < 500; ++i) {
    const std::uint32_t mixed = i * 2654435761U;
    const std::string text = std::to_string(mixed >> 24U) + "." + std::to_string((mixed >> 16U) & 255U) +
                             "." + std::to_string((mixed >> 8U) & 255U) + ".0/" +
                             std::to_string(8 + mixed % 25);
    networks.push_back(parse_network(text).value());
  }
  const NetworkSet set(networks);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const AddressNumber address{.v6 = false, .value = i * 2246822519U};
    const bool each = std::ranges::any_of(networks, [&](const Network& one) { return one.holds(address); });
    EXPECT_EQ(set.holds(address), each) << i;
  }
}

}  // namespace
}  // namespace nld::plugins
