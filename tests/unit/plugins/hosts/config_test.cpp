// The `hosts` directive: what is taken and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const World kWorld{.files = {{"/etc/coredns/hosts", "10.0.0.1 a.test\n"}}, .interfaces = {}};

HostsConfig hosts_of(std::string_view lines) {
  const BlockConfig block = accepted(lines, kWorld);
  EXPECT_TRUE(block.hosts) << lines;
  return block.hosts.value_or(HostsConfig{});
}

TEST(HostsConfig, Defaults) {
  const HostsConfig config = hosts_of("hosts");
  EXPECT_EQ(config.path, "/etc/hosts");
  EXPECT_THAT(texts(config.zones), ElementsAre("."));
  EXPECT_EQ(config.ttl, 3600U);
  EXPECT_TRUE(config.reverse);
  EXPECT_EQ(config.reload, std::chrono::seconds(5));
  EXPECT_THAT(config.fallthrough, IsEmpty());
  EXPECT_FALSE(config.fallthrough_unsupported);
  EXPECT_EQ(config.lines, "");
}

TEST(HostsConfig, EveryOption) {
  const HostsConfig config = hosts_of(
      "hosts /etc/coredns/hosts a.test 10.0.0.0/8 {\n10.5.0.4 blabla.A.test more.a.test\nfe80::1%eth0 "
      "six.a.test\n"
      "ttl 60\nno_reverse\nreload \"0s\"\nfallthrough b.a.test\nfallthrough_unsupported\n}");
  EXPECT_EQ(config.path, "/etc/coredns/hosts");
  EXPECT_THAT(texts(config.zones), ElementsAre("a.test.", "10.in-addr.arpa."));
  EXPECT_EQ(config.lines, "10.5.0.4 blabla.a.test. more.a.test.\nfe80::1%eth0 six.a.test.\n");
  EXPECT_EQ(config.ttl, 60U);
  EXPECT_FALSE(config.reverse);
  EXPECT_EQ(config.reload.count(), 0);
  EXPECT_THAT(texts(config.fallthrough), ElementsAre("b.a.test."));
  EXPECT_TRUE(config.fallthrough_unsupported);
}

TEST(HostsConfig, FallthroughAloneIsForAllNames) {
  EXPECT_THAT(texts(hosts_of("hosts {\nfallthrough\n}").fallthrough), ElementsAre("."));
}

TEST(HostsConfig, IsInEffect) {
  EXPECT_THAT(accepted("hosts /etc/coredns/hosts", kWorld).directives, ElementsAre("hosts", "forward"));
  EXPECT_THAT(warnings_of("hosts /etc/coredns/hosts", kWorld), IsEmpty());
}

TEST(HostsConfig, AFileThatIsMissingIsAWarningAndNotWatchedByReload) {
  EXPECT_EQ(refused("hosts /nope", kWorld), "");
  EXPECT_THAT(warnings_of("hosts /nope", kWorld),
              ElementsAre(HasSubstr("Corefile:2: hosts: cannot read file '/nope' now: ")));
  EXPECT_THAT(load(block_of("hosts /etc/coredns/hosts"), kWorld)->files, IsEmpty());
}

TEST(HostsConfig, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"hosts /etc/coredns/hosts a..b", "hosts: ZONES: "},
      {"hosts\nhosts", "Corefile:3: hosts: already given on line 2"},
      {"hosts {\n10.0.0.1\n}", "Corefile:3: hosts: 10.0.0.1: host name is missing"},
      {"hosts {\n10.0.0.1 a..b\n}", "hosts: 10.0.0.1: host name 'a..b' is wrong"},
      {"hosts {\n10.0.0.300 a.test\n}", "hosts: unknown option '10.0.0.300', expected one of ttl"},
      {"hosts {\nttl 0\n}", "hosts: ttl: SECONDS '0' is wrong, expected a number from 1 to 65535"},
      {"hosts {\nno_reverse 1\n}", "hosts: no_reverse: unexpected argument '1'"},
      {"hosts {\nreload soon\n}", "hosts: reload: DURATION: invalid duration 'soon'"},
      {"hosts {\nfallthrough a..b\n}", "hosts: fallthrough: ZONES: "},
      {"hosts {\nfallthrough_unsupported\n}",
       "Corefile:2: hosts: fallthrough_unsupported needs a line fallthrough beside it"},
      {"hosts {\nfallthrough\nfallthrough_unsupported a.test\n}",
       "hosts: fallthrough_unsupported: unexpected argument 'a.test'"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines, kWorld), HasSubstr(error)) << lines;
}

}  // namespace
}  // namespace nld::plugins::testing
