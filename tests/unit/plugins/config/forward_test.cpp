// The `forward` directive: every option accepted and refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "plugins/forward/upstream_addresses.hpp"
#include "unit/plugins/config/world.hpp"
#include "unit/tls/certificates.hpp"

namespace nld::plugins::testing {
namespace {

using namespace std::chrono_literals;
using dns::Rcode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const World kWorld{.files = {{"/etc/resolv.conf",
                              "# made by the kubelet\nsearch example.org\nnameserver 10.0.0.2\n"
                              "nameserver\tfd00::2 # second\n;nameserver 9.9.9.9\noptions ndots:5\n"},
                             {"/empty", "search example.org\n"},
                             {"/named", "nameserver 10.0.0.2\nnameserver dns.example.org\n"},
                             {"/cert.pem", "c"},
                             {"/key.pem", "k"},
                             {"/ca.pem", "a"}},
                   .interfaces = {}};

ForwardConfig forward(std::string_view lines) {
  const BlockConfig block = accepted(lines, kWorld);
  return block.forwards.empty() ? ForwardConfig{} : block.forwards.front();
}

ForwardConfig with(std::string_view option) {
  return forward("forward . 10.0.0.1 {\n" + std::string(option) + "\n}");
}

std::vector<std::string> addresses(const ForwardConfig& config) {
  std::vector<std::string> out;
  for (const ForwardTarget& target : config.upstreams) out.push_back(target.address.to_string());
  return out;
}

/// "ADDRESS NAME" of those over TLS, "ADDRESS" of the others.
std::vector<std::string> targets(std::string_view lines, const World& world = kWorld) {
  std::vector<std::string> out;
  const BlockConfig block = accepted(lines, world);
  for (const ForwardTarget& target : block.forwards.front().upstreams) {
    out.push_back(target.address.to_string() + (target.tls ? " " + target.tls->name : ""));
  }
  return out;
}

TEST(ForwardDirective, DefaultsAreCoreDnsDefaults) {
  const ForwardConfig config = forward("forward Example.ORG 10.0.0.1");
  EXPECT_EQ(config.where.line, 2U);
  EXPECT_EQ(config.from.to_text(), "example.org.");
  EXPECT_THAT(config.except, IsEmpty());
  EXPECT_THAT(addresses(config), ElementsAre("10.0.0.1:53"));
  EXPECT_FALSE(config.force_tcp);
  EXPECT_FALSE(config.prefer_udp);
  EXPECT_EQ(config.policy, ForwardPolicy::random);
  EXPECT_EQ(config.expire, 10s);
  EXPECT_EQ(config.max_age, 0ms);
  EXPECT_EQ(config.max_idle_connections, 0U);
  EXPECT_EQ(config.read_timeout, 2s);
  EXPECT_EQ(config.max_fails, 2U);
  EXPECT_EQ(config.max_connect_attempts, 0U);
  EXPECT_EQ(config.max_concurrent, 0U);
  EXPECT_EQ(config.health_check.interval, 500ms);
  EXPECT_TRUE(config.health_check.recursion_desired);
  EXPECT_EQ(config.health_check.domain.to_text(), ".");
  EXPECT_THAT(config.next, IsEmpty());
  EXPECT_FALSE(config.next_on_nodata);
  EXPECT_THAT(config.failover, IsEmpty());
  EXPECT_FALSE(config.failfast_all_unhealthy);
  EXPECT_FALSE(config.source_v4);
  EXPECT_FALSE(config.source_v6);
}

TEST(ForwardDirective, UpstreamForms) {
  EXPECT_THAT(
      addresses(forward("forward . 10.0.0.1 10.0.0.2:5353 fd00::1 [fd00::2]:54 [fd00::3] dns://10.0.0.4 "
                        "dns://[fd00::5]:1053")),
      ElementsAre("10.0.0.1:53", "10.0.0.2:5353", "[fd00::1]:53", "[fd00::2]:54", "[fd00::3]:53",
                  "10.0.0.4:53", "[fd00::5]:1053"));
}

TEST(ForwardDirective, UpstreamFormsOverTls) {
  EXPECT_THAT(
      targets("forward . tls://9.9.9.9 tls://9.9.9.9:8853 tls://fd00::1 tls://[fd00::1]:8853 10.0.0.1"),
      ElementsAre("9.9.9.9:853 9.9.9.9", "9.9.9.9:8853 9.9.9.9", "[fd00::1]:853 fd00::1",
                  "[fd00::1]:8853 fd00::1", "10.0.0.1:53"));
  EXPECT_THAT(targets("forward . tls://9.9.9.9%Dns.Quad9.net. tls://9.9.9.9%a.test:8853 tls://fd00::1%b.test "
                      "tls://fd00::1%b.test:8853 tls://[fd00::1]%c.test:8853 tls://[fd00::1%d.test]:8853 "
                      "tls://9.9.9.9%10.0.0.1"),
              ElementsAre("9.9.9.9:853 dns.quad9.net", "9.9.9.9:8853 a.test", "[fd00::1]:853 b.test",
                          "[fd00::1]:8853 b.test", "[fd00::1]:8853 c.test", "[fd00::1]:8853 d.test",
                          "9.9.9.9:853 10.0.0.1"));
  EXPECT_THAT(targets("forward . tls://9.9.9.9 10.0.0.1 tls://1.1.1.1 {\ntls_servername Dns.test\n}"),
              ElementsAre("9.9.9.9:853 dns.test", "10.0.0.1:53", "1.1.1.1:853 dns.test"));
}

TEST(ForwardDirective, TlsTakesUpToThreeFiles) {
  const nld::testing::Authority authority;
  const nld::testing::Identity identity = authority.issue("DNS:node.test");
  const World world{
      .files = {{"/cert", identity.certificate}, {"/key", identity.key}, {"/ca", authority.pem()}},
      .interfaces = {}};
  std::vector<std::string> digests;
  for (const char* files : {"", " /ca", " /cert /key", " /cert /key /ca"}) {
    const BlockConfig block =
        accepted("forward . tls://9.9.9.9 tls://1.1.1.1 {\ntls" + std::string(files) + "\n}", world);
    const auto& targets_of = block.forwards.front().upstreams;
    ASSERT_EQ(targets_of.size(), 2U);
    EXPECT_EQ(targets_of[0].tls->context, targets_of[1].tls->context);
    digests.push_back(targets_of[0].tls->context->digest());
  }
  EXPECT_EQ(std::set<std::string>(digests.begin(), digests.end()).size(), 4U);
  const auto config = load(block_of("forward . tls://9.9.9.9 {\ntls /cert /key /ca\n}"), world);
  ASSERT_TRUE(config);
  EXPECT_THAT(config->files, ElementsAre("/ca", "/cert", "/key")) << "watched for changes";
}

TEST(ForwardDirective, UpstreamsFromAFileInPlace) {
  EXPECT_THAT(addresses(forward("forward . 10.0.0.1 /etc/resolv.conf 10.0.0.9")),
              ElementsAre("10.0.0.1:53", "10.0.0.2:53", "[fd00::2]:53", "10.0.0.9:53"));
}

TEST(ForwardDirective, FilesReadAreNotedOnce) {
  const auto config =
      load("a.test {\nforward . /etc/resolv.conf\n}\nb.test {\nforward . /etc/resolv.conf\n}\n", kWorld);
  ASSERT_TRUE(config) << config.error();
  EXPECT_THAT(config->files, ElementsAre("/etc/resolv.conf"));
}

TEST(ForwardDirective, SeveralKeepTheirOrder) {
  const BlockConfig block = accepted("forward lab.test 10.0.0.1\nforward test 10.0.0.2");
  ASSERT_EQ(block.forwards.size(), 3U);
  EXPECT_EQ(block.forwards[0].from.to_text(), "lab.test.");
  EXPECT_EQ(block.forwards[1].from.to_text(), "test.");
  EXPECT_EQ(block.forwards[2].from.to_text(), ".");
}

TEST(ForwardDirective, FromInCidrNotationUsesTheFirstZone) {
  EXPECT_EQ(forward("forward 10.0.0.0/8 10.0.0.1").from.to_text(), "10.in-addr.arpa.");
  EXPECT_THAT(warnings_of("forward 10.0.0.0/15 10.0.0.1"),
              ElementsAre(HasSubstr("forward: FROM '10.0.0.0/15' makes 2 zones, only 0.10.in-addr.arpa.")));
}

TEST(ForwardDirective, FifteenUpstreamsAndNoMore) {
  std::string line = "forward .";
  for (int i = 1; i <= 15; ++i) line += " 10.0.0." + std::to_string(i);
  EXPECT_EQ(forward(line).upstreams.size(), 15U);
  EXPECT_EQ(refused(line + " 10.0.0.16"), "Corefile:2: forward: has 16 upstreams, expected at most 15");
}

TEST(ForwardDirective, Options) {
  EXPECT_THAT(texts(with("except a.test B.test\nexcept 10.0.0.0/16").except),
              ElementsAre("a.test.", "b.test.", "0.10.in-addr.arpa."));
  EXPECT_TRUE(with("force_tcp").force_tcp);
  EXPECT_TRUE(with("prefer_udp").prefer_udp);
  EXPECT_EQ(with("expire 20s").expire, 20s);
  EXPECT_EQ(with("expire 0s").expire, 0s);
  EXPECT_EQ(with("max_age 1m").max_age, 1min);
  EXPECT_EQ(with("max_idle_conns 7").max_idle_connections, 7U);
  EXPECT_EQ(with("max_fails 0").max_fails, 0U);
  EXPECT_EQ(with("max_fails 4294967295").max_fails, 4294967295U);
  EXPECT_EQ(with("max_connect_attempts 3").max_connect_attempts, 3U);
  EXPECT_EQ(with("read_timeout 300ms").read_timeout, 300ms);
  EXPECT_EQ(with("policy random").policy, ForwardPolicy::random);
  EXPECT_EQ(with("policy round_robin").policy, ForwardPolicy::round_robin);
  EXPECT_EQ(with("policy sequential").policy, ForwardPolicy::sequential);
  EXPECT_EQ(with("max_concurrent 1000").max_concurrent, 1000U);
  EXPECT_THAT(with("next NXDOMAIN servfail").next, ElementsAre(Rcode::NXDOMAIN, Rcode::SERVFAIL));
  EXPECT_THAT(with("next NOERROR").next, ElementsAre(Rcode::NOERROR));
  EXPECT_TRUE(with("next_on_nodata").next_on_nodata);
  EXPECT_THAT(with("failover SERVFAIL REFUSED").failover, ElementsAre(Rcode::SERVFAIL, Rcode::REFUSED));
  EXPECT_TRUE(with("failfast_all_unhealthy_upstreams").failfast_all_unhealthy);
}

TEST(ForwardDirective, HealthCheck) {
  EXPECT_EQ(with("health_check 0.5s").health_check.interval, 500ms);
  const auto check = with("health_check 5s no_rec domain Example.org").health_check;
  EXPECT_EQ(check.interval, 5s);
  EXPECT_FALSE(check.recursion_desired);
  EXPECT_EQ(check.domain.to_text(), "example.org.");
}

TEST(ForwardDirective, SourceAddressOfEachFamily) {
  const ForwardConfig one_line = with("source_address 10.0.0.7 fd00::7");
  ASSERT_TRUE(one_line.source_v4 && one_line.source_v6);
  EXPECT_EQ(one_line.source_v4->to_string(), "10.0.0.7:0");
  EXPECT_EQ(one_line.source_v6->to_string(), "[fd00::7]:0");
  const ForwardConfig two_lines = with("source_address fd00::7\nsource_address 10.0.0.7");
  EXPECT_TRUE(two_lines.source_v4 && two_lines.source_v6);
}

TEST(ForwardDirective, TlsOptionsWithoutTlsUpstreamsOnlyWarn) {
  EXPECT_THAT(warnings_of("forward . 10.0.0.1 {\ntls /cert.pem /key.pem /ca.pem\ntls_servername dns.test\n"
                          "doh_method POST\n}",
                          kWorld),
              ElementsAre("Corefile:3: forward: tls: has no effect without tls:// upstreams",
                          HasSubstr("Corefile:4: forward: tls_servername: has no effect"),
                          HasSubstr("Corefile:5: forward: doh_method: has no effect")));
  EXPECT_EQ(refused("forward . 10.0.0.1 {\ntls\n}", kWorld), "");
}

TEST(ForwardDirective, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"forward", "Corefile:2: forward: FROM is missing, expected FROM TO..."},
      {"forward .", "Corefile:2: forward: TO is missing"},
      {"forward a..b 10.0.0.1", "forward: FROM: "},
      {"forward . https://9.9.9.9",
       "TO 'https://9.9.9.9': https:// upstreams come later, expected an address, or tls:// before it"},
      {"forward . tls://dns.quad9.net",
       "TO 'tls://dns.quad9.net' is wrong, expected tls:// and an IP address, with %SERVER_NAME"},
      {"forward . tls:///etc/resolv.conf", "TO 'tls:///etc/resolv.conf' is wrong, expected tls:// and an IP"},
      {"forward . tls://9.9.9.9:0", "TO 'tls://9.9.9.9:0' is wrong, expected a port from 1 to 65535"},
      {"forward . tls://9.9.9.9%",
       "SERVER_NAME '' is wrong, expected the name that the server's certificate is for"},
      {"forward . tls://9.9.9.9%a..b", "SERVER_NAME 'a..b' is wrong, expected the name"},
      {"forward . tls://0.0.0.0", "TO 'tls://0.0.0.0' is wrong, expected the address of a DNS server"},
      {"forward . 9.9.9.9%dns.quad9.net", "TO '9.9.9.9%dns.quad9.net' is wrong, expected IP"},
      {"forward . tls://9.9.9.9%dns.quad9.net {\ntls_servername a.test\n}",
       "Corefile:2: forward: TO 9.9.9.9:853 has the server name 'dns.quad9.net', expected no tls_servername"},
      {"forward . tls://9.9.9.9 {\nexpire 1s\ntls /ca.pem\n}",
       "Corefile:4: forward: tls: CA holds no certificate, expected some in PEM form"},
      {"forward . tls://9.9.9.9 {\ntls /cert.pem /key.pem\n}", "forward: tls: CERT holds no certificate"},
      {"forward . tls://9.9.9.9 {\ntls_servername .\n}", "forward: tls_servername: NAME '.' is wrong"},
      {"forward . grpc://9.9.9.9",
       "TO 'grpc://9.9.9.9': protocol 'grpc' is not supported, expected tls://, dns:// or none"},
      {"forward . dns.example.org",
       "TO 'dns.example.org' is wrong, expected IP, IP:PORT, [IPv6]:PORT or a file"},
      {"forward . dns.example.org:53", "TO 'dns.example.org:53' is wrong, expected IP"},
      {"forward . /missing", "forward: TO: cannot read file '/missing': No such file or directory"},
      {"forward . /empty", "forward: TO: in file '/empty': no nameserver line, expected at least one"},
      {"forward . /named", "in file '/named': line 2: nameserver 'dns.example.org' is wrong, expected an IP"},
      {"forward . 10.0.0.1:0", "TO '10.0.0.1:0' is wrong, expected a port from 1 to 65535"},
      {"forward . 10.0.0.1:65536", "TO '10.0.0.1:65536' is wrong, expected a port from 1 to 65535"},
      {"forward . 10.0.0.1:", "TO '10.0.0.1:' is wrong, expected a port"},
      {"forward . [fd00::1", "TO '[fd00::1' is wrong"},
      {"forward . 0.0.0.0", "TO '0.0.0.0' is wrong, expected the address of a DNS server"},
      {"forward . 10.0.0.1 {\nexcept\n}", "Corefile:3: forward: except: IGNORED_NAMES are missing"},
      {"forward . 10.0.0.1 {\nexcept a..b\n}", "forward: except: IGNORED_NAMES: "},
      {"forward . 10.0.0.1 {\nforce_tcp yes\n}", "forward: force_tcp: unexpected argument 'yes'"},
      {"forward . 10.0.0.1 {\nprefer_udp yes\n}", "forward: prefer_udp: unexpected argument 'yes'"},
      {"forward . 10.0.0.1 {\nexpire\n}", "forward: expire: DURATION is missing"},
      {"forward . 10.0.0.1 {\nexpire -1s\n}", "forward: expire: DURATION '-1s' is wrong"},
      {"forward . 10.0.0.1 {\nmax_age -1s\n}", "forward: max_age: DURATION '-1s' is wrong"},
      {"forward . 10.0.0.1 {\nmax_idle_conns -1\n}",
       "forward: max_idle_conns: INTEGER '-1' is wrong, expected a number of 0 or more"},
      {"forward . 10.0.0.1 {\nmax_fails\n}", "forward: max_fails: INTEGER is missing"},
      {"forward . 10.0.0.1 {\nmax_fails -1\n}", "forward: max_fails: INTEGER '-1' is wrong"},
      {"forward . 10.0.0.1 {\nmax_fails 4294967296\n}", "forward: max_fails: INTEGER '4294967296' is wrong"},
      {"forward . 10.0.0.1 {\nmax_connect_attempts x\n}",
       "forward: max_connect_attempts: INTEGER 'x' is wrong"},
      {"forward . 10.0.0.1 {\nread_timeout 0s\n}",
       "forward: read_timeout: DURATION '0s' is wrong, expected a duration of 1ms or more"},
      {"forward . 10.0.0.1 {\ntls /missing.pem\n}",
       "forward: tls: cannot read file '/missing.pem': No such file"},
      {"forward . 10.0.0.1 {\ntls /cert.pem /key.pem /ca.pem /cert.pem\n}",
       "forward: tls: has too many files"},
      {"forward . 10.0.0.1 {\ntls_servername a..b\n}", "tls_servername: NAME 'a..b' is wrong"},
      {"forward . 10.0.0.1 {\ntls_servername\n}", "forward: tls_servername: NAME is missing"},
      {"forward . 10.0.0.1 {\ndoh_method PUT\n}",
       "forward: doh_method: METHOD 'PUT' is wrong, expected one of GET, POST"},
      {"forward . 10.0.0.1 {\npolicy\n}", "forward: policy: POLICY is missing"},
      {"forward . 10.0.0.1 {\npolicy first\n}",
       "POLICY 'first' is wrong, expected one of random, round_robin, sequential"},
      {"forward . 10.0.0.1 {\nhealth_check\n}", "forward: health_check: DURATION is missing"},
      {"forward . 10.0.0.1 {\nhealth_check 0s\n}",
       "DURATION '0s' is wrong, expected more than 0; max_fails 0 switches"},
      {"forward . 10.0.0.1 {\nhealth_check 1s fast\n}",
       "option 'fast' is wrong, expected one of no_rec, domain"},
      {"forward . 10.0.0.1 {\nhealth_check 1s domain\n}", "forward: health_check: FQDN is missing"},
      {"forward . 10.0.0.1 {\nhealth_check 1s domain a..b\n}",
       "FQDN 'a..b' is wrong, expected a domain name"},
      {"forward . 10.0.0.1 {\nmax_concurrent -1\n}", "forward: max_concurrent: MAX '-1' is wrong"},
      {"forward . 10.0.0.1 {\nnext\n}", "forward: next: RCODE is missing"},
      {"forward . 10.0.0.1 {\nnext NOPE\n}", "RCODE 'NOPE' is wrong, expected a response code"},
      {"forward . 10.0.0.1 {\nnext_on_nodata 1\n}", "forward: next_on_nodata: unexpected argument '1'"},
      {"forward . 10.0.0.1 {\nfailover\n}", "forward: failover: RCODE is missing"},
      {"forward . 10.0.0.1 {\nfailover SERVFAIL NOERROR\n}", "forward: failover: NOERROR cannot be used"},
      {"forward . 10.0.0.1 {\nfailfast_all_unhealthy_upstreams on\n}", "unexpected argument 'on'"},
      {"forward . 10.0.0.1 {\nsource_address eth0\n}",
       "IP 'eth0' is wrong, expected an address of this host"},
      {"forward . 10.0.0.1 {\nsource_address 10.0.0.7 10.0.0.8\n}", "expected at most one IPv4 and one IPv6"},
      {"forward . 10.0.0.1 {\nresolver 10.0.0.1\n}", "forward: resolver: host names as TO are not supported"},
      {"forward . 10.0.0.1 {\nmax_fail 1\n}",
       "unknown option 'max_fail', did you mean 'max_fails', expected one of"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines, kWorld), HasSubstr(error)) << lines;
}

TEST(ResolvConf, KeywordStartsTheLineButBlanksAreForgiven) {
  const auto servers = parse_resolv_conf("  nameserver  10.0.0.1  \r\nnameserver\n#nameserver 1.1.1.1\n");
  ASSERT_TRUE(servers) << servers.error();
  EXPECT_THAT(texts(*servers), ElementsAre("10.0.0.1:53"));
}

TEST(ResolvConf, LastLineWithoutNewline) {
  const auto servers = parse_resolv_conf("nameserver fd00::1");
  ASSERT_TRUE(servers) << servers.error();
  EXPECT_THAT(texts(*servers), ElementsAre("[fd00::1]:53"));
}

}  // namespace
}  // namespace nld::plugins::testing
