// Directives that are accepted before they work: what is checked, and that each line warns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const World kWorld{.files = {{"/weights", "x"}}, .interfaces = {}};

TEST(NotYetDirectives, Accepted) {
  const char* const kCases[] = {
      "metadata",
      "cancel 3s",
      "tls /cert.pem /key.pem",
      "timeouts {\nread 10s\n}",
      "nsid \"node 7\"",
      "bufsize",
      "bufsize 1232",
      "debug",
      "local",
      "any",
      "chaos CoreDNS-001",
      "header {\nset aa\n}",
      "minimal",
      "loadbalance",
      "loadbalance round_robin",
      "loadbalance round_robin {\nprefer 10.0.0.0/8\n}",
      "loadbalance weighted /weights {\nreload 30s\n}",
      "rewrite name a.test b.test",
      "rewrite name exact a.test b.test",
      "rewrite continue name suffix .a.test .b.test",
      "rewrite stop name regex (.*)-(us)\\.a\\.test {1}.{2}.test answer name (.*)\\.test {1}.a.test",
      "rewrite name suffix a.test b.test answer auto",
      "rewrite stop {\nname exact www.a.test web.b.test\n\n}",
      "rewrite stop {\nname regex (.*)\\.a\\.test {1}.b\nanswer name (.*)\\.b {1}.a.test\nanswer value b "
      "a\n}",
      "rewrite type ANY HINFO",
      "rewrite class CH IN",
      "rewrite ttl a.test 15",
      "rewrite continue {\nttl regex (.*)\\.a\\.test 15\n}",
      "rewrite cname exact a.test. b.test.",
      "rewrite rcode regex (.*)\\.a\\.test SERVFAIL NOERROR",
      "rewrite edns0 local set 0xffee 0x61626364",
      "rewrite edns0 subnet set 24 56",
  };
  for (const char* lines : kCases) {
    EXPECT_EQ(refused(lines, kWorld), "") << lines;
    EXPECT_THAT(warnings_of(lines, kWorld), ElementsAre(HasSubstr(": accepted, but not in effect yet: ")))
        << lines;
  }
}

TEST(NotYetDirectives, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"bufsize 511", "Corefile:2: bufsize: SIZE '511' is wrong, expected a number from 512 to 4096"},
      {"bufsize 4097", "bufsize: SIZE '4097' is wrong"},
      {"loadbalance fair", "loadbalance: POLICY 'fair' is wrong, expected one of round_robin, weighted"},
      {"loadbalance weighted", "loadbalance: WEIGHTFILE is missing"},
      {"loadbalance weighted /nope", "loadbalance: cannot read file '/nope'"},
      {"loadbalance {\nreload x\n}", "loadbalance: reload: DURATION: invalid duration 'x'"},
      {"loadbalance {\nprefer\n}", "loadbalance: prefer: CIDR is missing"},
      {"rewrite", "Corefile:2: rewrite: FIELD is missing"},
      {"rewrite stop", "rewrite: FIELD is missing"},
      {"rewrite name stop A B",
       "rewrite: match type 'stop' is wrong, expected exact, prefix, suffix, substring or regex"},
      {"rewrite name a.test", "rewrite: TO is missing"},
      {"rewrite name regex ()) b", "rewrite: FROM '())' is wrong, expected a regular expression"},
      {"rewrite name exact a b reply name c d",
       "rewrite: word after TO 'reply' is wrong, expected one of answer"},
      {"rewrite name exact a b answer", "rewrite: part of the answer is missing"},
      {"rewrite name exact a b answer name c", "rewrite: TO is missing"},
      {"rewrite answer name a b", "rewrite: FIELD 'answer' is wrong"},
      {"rewrite color a b",
       "rewrite: FIELD 'color' is wrong, expected name, type, class, ttl, cname, rcode or edns0"},
      {"rewrite type A QQQ", "rewrite: TO 'QQQ' is wrong, expected a record type"},
      {"rewrite type A AAAA MX", "rewrite: unexpected argument 'MX'"},
      {"rewrite class XX IN", "rewrite: FROM 'XX' is wrong, expected IN, CH, HS or ANY"},
      {"rewrite ttl a.test", "rewrite: SECONDS is missing"},
      {"rewrite edns0 color set x", "EDNS0 option 'color' is wrong, expected one of local, nsid, subnet"},
      {"rewrite edns0 local put x", "action 'put' is wrong, expected one of set, append, replace, unset"},
      {"rewrite stop {\nanswer name a b\n}", "rewrite: answer: is out of place"},
      {"rewrite stop {\nname a b\nname c d\n}", "Corefile:4: rewrite: name: is out of place"},
      {"rewrite stop {\nnames a b\n}", "Corefile:3: rewrite: unknown option 'names', did you mean 'name'"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines, kWorld), HasSubstr(error)) << lines;
}

TEST(NotYetDirectives, AreNotAmongThePluginsInUse) {
  EXPECT_THAT(accepted("loadbalance\nnsid").directives, ElementsAre("forward"));
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
