// The `dns64` directive, and where an IPv4 address stands in an IPv6 one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/dns64/synthesis.hpp"
#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Dns64Config dns64_of(std::string_view lines) {
  return accepted(lines).dns64.value();
}

TEST(Dns64Config, Accepted) {
  const Dns64Config plain = dns64_of("dns64");
  EXPECT_EQ(plain.prefix_octets, 12);
  EXPECT_THAT(std::span(plain.prefix).first(5), ElementsAre(0, 0x64, 0xFF, 0x9B, 0));
  EXPECT_FALSE(plain.translate_all);
  EXPECT_FALSE(plain.allow_ipv4);
  const Dns64Config all = dns64_of("dns64 {\nprefix 64:1337:ffff:1::/48\ntranslate_all\nallow_ipv4\n}");
  EXPECT_EQ(all.prefix_octets, 6);
  EXPECT_THAT(std::span(all.prefix).first(8), ElementsAre(0, 0x64, 0x13, 0x37, 0xFF, 0xFF, 0, 0))
      << "host bits are cut";
  EXPECT_TRUE(all.translate_all);
  EXPECT_TRUE(all.allow_ipv4);
  EXPECT_EQ(dns64_of("dns64 2001:db8::/32").prefix_octets, 4);
  EXPECT_THAT(accepted("dns64").directives, ElementsAre("dns64", "forward"));
  EXPECT_THAT(warnings_of("dns64"), IsEmpty());
}

TEST(Dns64Config, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"dns64 10.0.0.0/8",
       "dns64: PREFIX '10.0.0.0/8' is wrong, expected an IPv6 prefix such as 64:ff9b::/96"},
      {"dns64 64:ff9b::", "dns64: PREFIX '64:ff9b::' is wrong"},
      {"dns64 64:ff9b::/97", "dns64: PREFIX '64:ff9b::/97' is wrong"},
      {"dns64 {\nprefix 64:ff9b::/24\n}", "Corefile:3: dns64: prefix: PREFIX '64:ff9b::/24' is wrong"},
      {"dns64 {\ntranslate_all yes\n}", "dns64: translate_all: unexpected argument 'yes'"},
      {"dns64 {\nallow_ipv4 yes\n}", "dns64: allow_ipv4: unexpected argument 'yes'"},
      {"dns64 64:ff9b::/96 x", "dns64: unexpected argument 'x'"},
      {"dns64 {\nexclude ::/0\n}", "dns64: unknown option 'exclude'"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
}

/// RFC 6052 §2.4: 192.0.2.33 under each length of 2001:db8:…
TEST(Dns64, EmbedsAddresses) {
  const std::array<std::uint8_t, 4> v4{192, 0, 2, 33};
  const std::pair<const char*, const char*> kCases[] = {
      {"2001:db8::/32", "2001:db8:c000:221::"},
      {"2001:db8:100::/40", "2001:db8:1c0:2:21::"},
      {"2001:db8:122::/48", "2001:db8:122:c000:2:2100::"},
      {"2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"},
      {"2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100:0"},
      {"2001:db8:122:344::/96", "2001:db8:122:344::c000:221"},
      {"64:ff9b::/96", "64:ff9b::c000:221"},
  };
  for (const auto& [prefix, wanted] : kCases) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    const auto made = embed_address(dns64_of("dns64 " + std::string(prefix)), v4);
    std::ranges::copy(made, address.sin6_addr.s6_addr);
    EXPECT_EQ(runtime::SocketAddress(address).ip_text(), wanted) << prefix;
  }
}

}  // namespace
}  // namespace nld::plugins::testing
