// The directives of a line or two: the forms that are taken, and those that are refused with what was
// expected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/message.hpp"
#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const World kWorld{.files = {{"/weights", "www.test\n10.0.0.1 3\n"}, {"/bad", "www.test\n10.0.0.1 0\n"}},
                   .interfaces = {}};

TEST(SmallDirectives, AreTakenWithoutAWarning) {
  for (const char* lines : {
           "bufsize",
           "bufsize 512",
           "bufsize 4096",
           "minimal",
           "any",
           "chaos",
           "chaos CoreDNS-001",
           "chaos 1.2.3 anna bert",
           "nsid",
           "nsid node 7",
           "nsid \"node 7\"",
           "local",
           "local {\nlocalhost_prefix off\n}",
           "cancel",
           "cancel 1s",
           "debug",
           "header {\nset aa\n}",
           "header {\nclear ra rd\n}",
           "header {\nquery set rd\nresponse clear RA AA\n}",
           "timeouts {\nread 1s\nwrite 24h\nidle 1m\nmaxtcpqueries 128\n}",
           "timeouts {\nmaxtcpqueries -1\n}",
           "loadbalance",
           "loadbalance round_robin",
           "loadbalance round_robin {\nprefer 10.0.0.0/8 fd00::/8\n}",
           "loadbalance weighted /weights",
           "loadbalance weighted /weights {\nreload 0s\nprefer 10.0.0.0/8\n}",
           "acl {\nallow net 10.0.0.0/8 192.0.2.7 fd00::1\nblock\n}",
           "acl a.test b.test {\nfilter type A AAAA net *\ndrop type *\nallow net 10.0.0.0/8 type MX\n}",
       }) {
    EXPECT_EQ(refused(lines, kWorld), "") << lines;
    EXPECT_THAT(warnings_of(lines, kWorld), IsEmpty()) << lines;
  }
}

TEST(SmallDirectives, AreRefusedWithWhatWasExpected) {
  const std::pair<const char*, const char*> kCases[] = {
      {"bufsize 511", "Corefile:2: bufsize: SIZE '511' is wrong, expected a number from 512 to 4096"},
      {"bufsize 4097", "bufsize: SIZE '4097' is wrong"},
      {"bufsize 1232 1", "bufsize: unexpected argument '1'"},
      {"bufsize {\n}", "bufsize: takes no block"},
      {"minimal yes", "minimal: unexpected argument 'yes'"},
      {"any A", "any: unexpected argument 'A'"},
      {"chaos {\n}", "chaos: takes no block"},
      {"nsid a\nnsid b", "Corefile:3: nsid: already given on line 2"},
      {"local off", "local: unexpected argument 'off'"},
      {"local {\nlocalhost_prefix maybe\n}",
       "Corefile:3: local: localhost_prefix: on|off 'maybe' is wrong, expected one of on, off"},
      {"cancel 0s", "cancel: TIMEOUT"},
      {"cancel soon", "cancel: TIMEOUT: invalid duration 'soon'"},
      {"debug on", "debug: unexpected argument 'on'"},
      {"header", "header: changes no flag, expected a line such as 'response set ra'"},
      {"header {\nquery aa\n}", "header: query: ACTION 'aa' is wrong, expected one of set, clear"},
      {"header {\nresponse set tc\n}", "header: response: FLAG 'tc' is wrong, expected one of aa, ra, rd"},
      {"header {\nset\n}", "header: set: FLAG is missing"},
      {"header {\nreply set aa\n}", "header: unknown option 'reply', expected one of query, response"},
      {"timeouts", "timeouts: sets nothing, expected a line such as 'idle 60s'"},
      {"timeouts 5s", "timeouts: unexpected argument '5s'"},
      {"timeouts {\nread 999ms\n}", "Corefile:3: timeouts: read: DURATION"},
      {"timeouts {\nidle 25h\n}", "timeouts: idle: DURATION"},
      {"timeouts {\nmaxtcpqueries 0\n}", "timeouts: maxtcpqueries: MAXIMUM '0' is wrong"},
      {"timeouts {\nlinger 1s\n}", "timeouts: unknown option 'linger'"},
      {"loadbalance fair", "loadbalance: POLICY 'fair' is wrong, expected one of round_robin, weighted"},
      {"loadbalance weighted", "loadbalance: WEIGHTFILE is missing"},
      {"loadbalance weighted /nope", "loadbalance: cannot read file '/nope'"},
      {"loadbalance weighted /bad",
       "loadbalance: WEIGHTFILE '/bad': line 2: weight '0' is wrong, expected a number from 1 to 255"},
      {"loadbalance {\nreload 30s\n}", "loadbalance: reload: there is no file to read again"},
      {"loadbalance {\nprefer\n}", "loadbalance: prefer: CIDR is missing"},
      {"loadbalance {\nprefer 10.0.0.1\n}", "prefer: CIDR '10.0.0.1' is wrong, expected a network"},
      {"loadbalance {\nprefer 10.0.0.0/33\n}", "prefer: CIDR '10.0.0.0/33' is wrong"},
      {"acl a..b", "acl: ZONES: "},
      {"acl {\nrefuse\n}", "acl: unknown option 'refuse', expected one of allow, block, filter, drop"},
      {"acl {\nblock A\n}", "acl: block: unexpected 'A', expected 'type QTYPE...' or 'net SOURCE...'"},
      {"acl {\nblock type\n}", "acl: block: QTYPE is missing"},
      {"acl {\nblock type NOPE\n}", "acl: block: QTYPE 'NOPE' is wrong, expected a record type"},
      {"acl {\nblock net\n}", "acl: block: SOURCE is missing"},
      {"acl {\nblock net 10.0.0.0/33\n}", "acl: block: SOURCE '10.0.0.0/33' is wrong"},
      {"acl {\nblock net fe80::1%eth0\n}", "acl: block: SOURCE 'fe80::1%eth0' is wrong"},
      {"acl {\nblock net file /x\n}", "acl: block: SOURCE 'file' is wrong"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines, kWorld), HasSubstr(error)) << lines;
  const std::string longest = "nsid " + std::string(255, 'n');
  EXPECT_EQ(refused(longest), "");
  EXPECT_THAT(refused(longest + "n"), HasSubstr("nsid: DATA has 256 octets, expected at most 255"));
}

TEST(SmallDirectives, Data) {
  EXPECT_EQ(accepted("bufsize").bufsize, 1232);
  EXPECT_EQ(accepted("bufsize 700").bufsize, 700);
  EXPECT_EQ(accepted("cancel").cancel, 5001ms);
  EXPECT_EQ(accepted("cancel 2s").cancel, 2s);
  EXPECT_EQ(accepted("nsid node 7").nsid, "node 7");
  EXPECT_THAT(*accepted("nsid").nsid, Not(IsEmpty()));
  EXPECT_THAT(accepted("chaos").chaos->version, HasSubstr("node-local-dns-"));
  EXPECT_THAT(accepted("chaos v2 bert anna bert").chaos->authors, ElementsAre("anna", "bert"));
  EXPECT_EQ(accepted("chaos " + std::string(300, 'v')).chaos->version.size(), 255U);
  EXPECT_TRUE(accepted("local").local->prefix);
  EXPECT_FALSE(accepted("local {\nlocalhost_prefix off\n}").local->prefix);
  const TimeoutsConfig timeouts = accepted("timeouts {\nread 2s\nmaxtcpqueries 5\n}").timeouts;
  EXPECT_EQ(timeouts.read, 2s);
  EXPECT_EQ(timeouts.idle, std::nullopt);
  EXPECT_EQ(timeouts.queries, 5U);
}

TEST(SmallDirectives, TheLastHeaderRuleOfAFlagWins) {
  const auto header = accepted("header {\nset aa ra\nresponse clear aa\nquery clear rd\n}").header;
  ASSERT_TRUE(header);
  EXPECT_EQ(header->response, (FlagChange{.set = dns::flag::RA, .clear = dns::flag::AA}));
  EXPECT_EQ(header->query, (FlagChange{.set = 0, .clear = dns::flag::RD}));
  EXPECT_EQ(header->response.applied_to(dns::flag::AA | dns::flag::QR), dns::flag::RA | dns::flag::QR);
}

TEST(SmallDirectives, StandInTheListOfPluginsInChainOrder) {
  EXPECT_THAT(
      accepted("minimal\nheader {\nset aa\n}\ncache\nacl {\nblock net 10.0.0.1\n}\nloadbalance\nchaos\nany\n"
               "local\nbufsize\nnsid\ncancel\ndebug\ntimeouts {\nidle 1s\n}")
          .directives,
      ElementsAre("cancel", "nsid", "bufsize", "local", "any", "chaos", "loadbalance", "acl", "cache",
                  "header", "minimal", "forward"));
}

}  // namespace
}  // namespace nld::plugins::testing
