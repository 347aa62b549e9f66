// Directives that are accepted before they work: what is checked, and that each line warns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const World kWorld{.files = {{"/etc/coredns/hosts", "10.0.0.1 a.test\n"}}, .interfaces = {}};

TEST(NotYetDirectives, Accepted) {
  const char* const kCases[] = {
      "metadata",
      "dns64",
      "dns64 64:ff9b::/96",
      "dns64 {\nprefix 64:1337::/64\ntranslate_all\nallow_ipv4\n}",
      "hosts",
      "hosts /etc/coredns/hosts {\nfallthrough\n}",
      "hosts /etc/coredns/hosts a.test b.test",
      "hosts {\n10.5.0.4 blabla.lala more.lala\nfd00::1 six.lala\nttl 3600\nno_reverse\nreload \"0s\"\n"
      "fallthrough a.test\n}",
      "template ANY AAAA {\nrcode NOERROR\n}",
      "template IN A a.test {\nmatch \"^ip-(?P<a>[0-9]*)[.]a[.]test[.]$\"\n"
      "answer \"{{ .Name }} 60 IN A {{ .Group.a }}\"\nfallthrough\nupstream\n}",
      "template IN MX a.test {\nanswer \"x\"\nadditional \"y\"\nauthority \"z\"\nederror 21 \"no\"\n}",
  };
  for (const char* lines : kCases) {
    EXPECT_EQ(refused(lines, kWorld), "") << lines;
    EXPECT_THAT(warnings_of(lines, kWorld), ElementsAre(HasSubstr(": accepted, but not in effect yet: ")))
        << lines;
  }
}

TEST(NotYetDirectives, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"dns64 10.0.0.0/8",
       "dns64: PREFIX '10.0.0.0/8' is wrong, expected an IPv6 prefix such as 64:ff9b::/96"},
      {"dns64 64:ff9b::", "dns64: PREFIX '64:ff9b::' is wrong"},
      {"dns64 64:ff9b::/97", "dns64: PREFIX '64:ff9b::/97' is wrong"},
      {"dns64 {\nprefix 64:ff9b::/24\n}", "dns64: prefix: PREFIX '64:ff9b::/24' is wrong"},
      {"dns64 {\ntranslate_all yes\n}", "dns64: translate_all: unexpected argument 'yes'"},
      {"dns64 {\nallow_ipv4 yes\n}", "dns64: allow_ipv4: unexpected argument 'yes'"},
      {"hosts /nope", "Corefile:2: hosts: cannot read file '/nope': No such file or directory"},
      {"hosts /etc/coredns/hosts a..b", "hosts: ZONES: "},
      {"hosts\nhosts", "Corefile:3: hosts: already given on line 2"},
      {"hosts {\n10.0.0.1\n}", "Corefile:3: hosts: 10.0.0.1: host name is missing"},
      {"hosts {\n10.0.0.1 a..b\n}", "hosts: 10.0.0.1: host name 'a..b' is wrong"},
      {"hosts {\n10.0.0.300 a.test\n}", "hosts: unknown option '10.0.0.300', expected one of ttl"},
      {"hosts {\nttl 0\n}", "hosts: ttl: SECONDS '0' is wrong"},
      {"hosts {\nno_reverse 1\n}", "hosts: no_reverse: unexpected argument '1'"},
      {"hosts {\nreload soon\n}", "hosts: reload: DURATION: invalid duration 'soon'"},
      {"hosts {\nfallthrough a..b\n}", "hosts: fallthrough: ZONES: "},
      {"template", "Corefile:2: template: CLASS is missing"},
      {"template IN", "template: TYPE is missing"},
      {"template XX A {\nrcode NOERROR\n}", "template: CLASS 'XX' is wrong"},
      {"template IN QQQ {\nrcode NOERROR\n}", "template: TYPE 'QQQ' is wrong"},
      {"template IN A", "template: says no reply, expected answer"},
      {"template IN A {\nmatch ())\nrcode NOERROR\n}",
       "template: match: REGEX '())' is wrong, expected a regular"},
      {"template IN A {\nmatch\n}", "template: match: REGEX is missing"},
      {"template IN A {\nanswer\n}", "template: answer: RR is missing"},
      {"template IN A {\nadditional\n}", "template: additional: RR is missing"},
      {"template IN A {\nauthority\n}", "template: authority: RR is missing"},
      {"template IN A {\nrcode NOPE\n}", "template: rcode: CODE 'NOPE' is wrong"},
      {"template IN A {\nederror many\n}", "template: ederror: EXTENDED_ERROR_CODE 'many' is wrong"},
      {"template IN A {\nfallthrough a..b\n}", "template: fallthrough: ZONES: "},
      {"template IN A {\nanser x\n}", "template: unknown option 'anser', did you mean 'answer'"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines, kWorld), HasSubstr(error)) << lines;
}

TEST(NotYetDirectives, AreNotAmongThePluginsInUse) {
  EXPECT_THAT(accepted("metadata\ntemplate ANY AAAA {\nrcode NOERROR\n}").directives, ElementsAre("forward"));
}

TEST(NotYetDirectives, HostsFileIsNotedForReload) {
  const auto config = load(block_of("hosts /etc/coredns/hosts"), kWorld);
  ASSERT_TRUE(config) << config.error();
  EXPECT_THAT(config->files, ElementsAre("/etc/coredns/hosts"));
}

TEST(NoEffectDirectives, WarnOnceALineAndCheckNothing) {
  for (const char* lines : {"pprof :6068 {\nblock\n}", "trace zipkin 10.0.0.1:9411", "multisocket 2",
                            "dnstap /run/tap.sock full"}) {
    EXPECT_THAT(warnings_of(lines), ElementsAre(HasSubstr(": accepted without effect: "))) << lines;
  }
  EXPECT_THAT(warnings_of("errors\nlog"), IsEmpty());
}

}  // namespace
}  // namespace nld::plugins::testing
