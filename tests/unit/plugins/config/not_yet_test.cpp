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
