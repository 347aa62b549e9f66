// Server block keys: scheme, name or CIDR, port.
#include "corefile/zone.hpp"

#include <gtest/gtest.h>

namespace nld::corefile {
namespace {

/// "scheme zone zone ... :port", or the error.
std::string key(std::string_view text) {
  const auto spec = parse_zone_key(text);
  if (!spec) return "error: " + spec.error();
  std::string out = spec->scheme;
  for (const dns::Name& zone : spec->zones) out += " " + zone.to_text();
  return spec->port ? out + " :" + std::to_string(*spec->port) : out;
}

TEST(ZoneKey, NamesWithAndWithoutPortAndFinalDot) {
  EXPECT_EQ(key("."), "dns .");
  EXPECT_EQ(key(".:53"), "dns . :53");
  EXPECT_EQ(key("example.org"), "dns example.org.");
  EXPECT_EQ(key("Example.ORG.:5300"), "dns example.org. :5300");
  EXPECT_EQ(key("cluster.local.:0"), "dns cluster.local. :0");
  EXPECT_EQ(key("_x-1.a"), "dns _x-1.a.");
  EXPECT_EQ(key("10.in-addr.arpa:65535"), "dns 10.in-addr.arpa. :65535");
  EXPECT_EQ(key("0/25.2.0.192.in-addr.arpa"), "dns 0/25.2.0.192.in-addr.arpa.") << "RFC 2317";
}

TEST(ZoneKey, Schemes) {
  EXPECT_EQ(key("dns://.:5300"), "dns . :5300");
  for (const auto* scheme : {"tls", "https", "https3", "grpc", "quic", "unix"}) {
    EXPECT_EQ(key(std::string(scheme) + "://example.org:1"), std::string(scheme) + " example.org. :1");
  }
  EXPECT_EQ(key("https://a"), "https a.") << "no port: the scheme's default is the caller's";
  EXPECT_EQ(key("udp://a"), "error: unknown scheme 'udp' in 'udp://a': expected dns");
}

TEST(ZoneKey, AlignedPrefixes) {
  EXPECT_EQ(key("10.0.0.0/8"), "dns 10.in-addr.arpa.");
  EXPECT_EQ(key("192.168.7.9/16:53"), "dns 168.192.in-addr.arpa. :53") << "host bits do not count";
  EXPECT_EQ(key("192.0.2.0/24"), "dns 2.0.192.in-addr.arpa.");
  EXPECT_EQ(key("192.0.2.1/32"), "dns 1.2.0.192.in-addr.arpa.");
  EXPECT_EQ(key("0.0.0.0/0"), "dns in-addr.arpa.");
  EXPECT_EQ(key("::/0"), "dns ip6.arpa.");
  EXPECT_EQ(key("2001:DB8::/32:53"), "dns 8.b.d.0.1.0.0.2.ip6.arpa. :53");
  EXPECT_EQ(key("fd00::/8"), "dns d.f.ip6.arpa.");
  EXPECT_EQ(key("dns://fd00::/4"), "dns f.ip6.arpa.");
}

TEST(ZoneKey, PrefixesBetweenBoundariesBecomeSeveralZones) {
  EXPECT_EQ(key("10.0.0.0/7"), "dns 10.in-addr.arpa. 11.in-addr.arpa.");
  EXPECT_EQ(key("10.11.0.0/15"), "dns 10.10.in-addr.arpa. 11.10.in-addr.arpa.");
  EXPECT_EQ(key("192.0.2.130/30"),
            "dns 128.2.0.192.in-addr.arpa. 129.2.0.192.in-addr.arpa. 130.2.0.192.in-addr.arpa. "
            "131.2.0.192.in-addr.arpa.");
  EXPECT_EQ(key("2001:db8::/31"), "dns 8.b.d.0.1.0.0.2.ip6.arpa. 9.b.d.0.1.0.0.2.ip6.arpa.");
  EXPECT_EQ(parse_zone_key("10.0.0.0/9")->zones.size(), 128U);
  EXPECT_EQ(parse_zone_key("fd00::/125")->zones.size(), 8U);
  EXPECT_EQ(parse_zone_key("255.255.255.255/25")->zones.back().to_text(), "255.255.255.255.in-addr.arpa.");
}

TEST(ZoneKey, RefusesWhatCannotBeMeant) {
  EXPECT_EQ(key(""), "error: expected a zone, found nothing; '.' is the root");
  EXPECT_EQ(key(":53"), "error: expected a zone, found nothing; '.' is the root");
  EXPECT_EQ(key("dns://"), "error: expected a zone, found nothing; '.' is the root");
  EXPECT_EQ(key("a:"), "error: expected a port after ':' in 'a:'");
  EXPECT_EQ(key("a:65536"), "error: invalid port '65536' in 'a:65536': expected 0 to 65535");
  EXPECT_EQ(key("a:99999999999"),
            "error: invalid port '99999999999' in 'a:99999999999': expected 0 to 65535");
  EXPECT_EQ(key("a:dns"), "error: invalid zone 'a:dns': expected name[:port] or address/prefix[:port]");
  EXPECT_EQ(key("a:-1"), "error: invalid zone 'a:-1': expected name[:port] or address/prefix[:port]");
  EXPECT_EQ(key("::1"), "error: invalid zone ':': expected name[:port] or address/prefix[:port]");
  EXPECT_EQ(key("a,b"), "error: invalid zone 'a,b': expected name[:port] or address/prefix[:port]");
  EXPECT_EQ(key("a{"), "error: invalid zone 'a{': expected name[:port] or address/prefix[:port]");
  EXPECT_EQ(key("a b"), "error: zone 'a b' contains a blank");
  EXPECT_EQ(key("10.0.0.0/33"), "error: invalid CIDR '10.0.0.0/33': expected a prefix length from 0 to 32");
  EXPECT_EQ(key("10.0.0.0/"), "error: invalid CIDR '10.0.0.0/': expected a prefix length from 0 to 32");
  EXPECT_EQ(key("10.0.0.0/-1"), "error: invalid CIDR '10.0.0.0/-1': expected a prefix length from 0 to 32");
  EXPECT_EQ(key("fd00::/129"), "error: invalid CIDR 'fd00::/129': expected a prefix length from 0 to 128");
  EXPECT_TRUE(key("a..b").starts_with("error: invalid zone 'a..b': "));
  EXPECT_TRUE(key(std::string(64, 'a')).starts_with("error: invalid zone "));
}

TEST(Zone, AnArgumentIsAKeyWithoutSchemeAndPort) {
  const auto zones = parse_zone("dns://Example.org.:53");
  ASSERT_TRUE(zones.has_value());
  ASSERT_EQ(zones->size(), 1U);
  EXPECT_EQ(zones->front().to_text(), "example.org.");
  EXPECT_EQ(parse_zone("10.0.0.0/7")->size(), 2U);
  EXPECT_FALSE(parse_zone("a..b").has_value());
}

}  // namespace
}  // namespace nld::corefile
