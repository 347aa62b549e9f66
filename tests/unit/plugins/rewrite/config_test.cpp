// The forms of `rewrite` that are taken, and those that are refused with what was expected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using namespace rewriting;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Rule only_rule(std::string_view lines) {
  const BlockConfig block = accepted(lines);
  if (block.rewrite.size() == 1) return block.rewrite.front();
  ADD_FAILURE() << lines;
  return {};
}

TEST(RewriteConfig, Accepted) {
  for (const char* lines : {
           "rewrite name a.test b.test",
           "rewrite NAME Exact a.test b.test",
           "rewrite continue name suffix .a.test .b.test",
           "rewrite stop name regex (.*)-(us)\\.a\\.test {1}.{2}.test answer name (.*)\\.test {1}.a.test",
           "rewrite name suffix a.test b.test answer auto",
           "rewrite name substring a b answer auto value (.*)x {1}y answer value c d",
           "rewrite stop {\nname exact www.a.test web.b.test\n\n}",
           "rewrite {\nname exact www.a.test web.b.test\n}",
           "rewrite {\nstop name exact www.a.test web.b.test\n}",
           "rewrite stop {\nname regex (.*)\\.a\\.test {1}.b\nanswer name (.*)\\.b {1}.a.test\nanswer value "
           "b a\n}",
           "rewrite stop {\nname regex (.*)\\.a\\.test {1}.b\nanswer name (.*)\\.b {1}.a.test\nvalue b a\n}",
           "rewrite type ANY HINFO",
           "rewrite type any hinfo",
           "rewrite class CH IN",
           "rewrite ttl a.test 15",
           "rewrite ttl suffix a.test 15-30",
           "rewrite ttl suffix a.test -30",
           "rewrite ttl suffix a.test 15-",
           "rewrite ttl a.test 4294967295",
           "rewrite continue {\nttl regex (.*)\\.a\\.test 15\n}",
           "rewrite cname a.test. b.test.",
           "rewrite cname exact a.test. b.test.",
           "rewrite cname regex (.*)\\.a {1}.b.",
           "rewrite rcode a.test 2 0",
           "rewrite rcode regex (.*)\\.a\\.test SERVFAIL noerror",
           "rewrite rcode prefix a BADCOOKIE 3",
           "rewrite edns0 local set 0xffee 0x61626364",
           "rewrite edns0 local append 65518 abcd revert",
           "rewrite edns0 local replace 0xffee {client_ip}",
           "rewrite edns0 local unset 0xffee",
           "rewrite edns0 subnet set 24 56",
           "rewrite edns0 subnet append 24 56 revert",
           "rewrite edns0 subnet unset",
           "rewrite edns0 nsid set",
           "rewrite edns0 nsid append revert",
           "rewrite edns0 nsid unset",
           "rewrite edns0 local set 0xffee {metadata/pool}",
           "rewrite name prefix \"\" new.",
       }) {
    EXPECT_EQ(refused(lines), "") << lines;
    EXPECT_THAT(warnings_of(lines), IsEmpty()) << lines;
  }
}

TEST(RewriteConfig, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"rewrite", "Corefile:2: rewrite: FIELD is missing"},
      {"rewrite stop", "Corefile:2: rewrite: FIELD is missing"},
      {"rewrite color a b", "FIELD 'color' is wrong, expected name, type, class, ttl, cname, rcode or edns0"},
      {"rewrite answer name a b", "FIELD 'answer' is wrong, expected answer after a name rule"},
      {"rewrite name", "rewrite: FROM is missing"},
      {"rewrite name a.test", "rewrite: TO is missing"},
      {"rewrite name stop A B",
       "match type 'stop' is wrong, expected exact, prefix, suffix, substring or regex"},
      {"rewrite name a..b c", "FROM 'a..b' is wrong, expected a domain name (empty label)"},
      {"rewrite name a b..c", "TO 'b..c' is wrong, expected a domain name (empty label)"},
      {"rewrite name substring \"\" a", "FROM is empty"},
      {"rewrite name regex ()) b", "FROM '())' is wrong, expected a regular expression"},
      {"rewrite name regex (a) {1}.{2}",
       "TO '{1}.{2}' is wrong, expected at most 1 groups, as many as FROM has"},
      {"rewrite name exact a b reply name c d", "word after TO 'reply' is wrong, expected answer"},
      {"rewrite name exact a b answer", "part of the answer is missing"},
      {"rewrite name exact a b answer name c", "rewrite: TO is missing"},
      {"rewrite name exact a b answer ttl c d",
       "part of the answer 'ttl' is wrong, expected auto, name or value"},
      {"rewrite name suffix a b answer auto name c d", "answer auto and answer name exclude each other"},
      {"rewrite name suffix a b answer value (c) {1}{2}", "expected at most 1 groups"},
      {"rewrite name suffix a b answer name c( d", "FROM 'c(' is wrong, expected a regular expression"},
      {"rewrite type", "rewrite: FROM is missing"},
      {"rewrite type A QQQ", "TO 'QQQ' is wrong, expected a record type"},
      {"rewrite type A AAAA MX", "unexpected argument 'MX'"},
      {"rewrite type A AXFR", "TO 'AXFR' is wrong, expected a type of data that can be asked for"},
      {"rewrite class XX IN", "FROM 'XX' is wrong, expected IN, CH, HS or ANY"},
      {"rewrite ttl a.test", "rewrite: SECONDS is missing"},
      {"rewrite ttl a.test -",
       "SECONDS '-' is wrong, expected a number of seconds or a range such as 30-300"},
      {"rewrite ttl a.test 30-10", "SECONDS '30-10' is wrong"},
      {"rewrite ttl a.test 1-2-3", "SECONDS '1-2-3' is wrong"},
      {"rewrite ttl a.test soon", "SECONDS 'soon' is wrong"},
      {"rewrite ttl exact a.test 1 2", "unexpected argument '2'"},
      {"rewrite rcode a.test 2", "rewrite: TO is missing"},
      {"rewrite rcode a.test 24 0", "FROM '24' is wrong, expected a response code"},
      {"rewrite rcode a.test SERVFAIL NOPE", "TO 'NOPE' is wrong, expected a response code"},
      {"rewrite cname a.test", "rewrite: TO is missing"},
      {"rewrite cname most a b", "match type 'most' is wrong"},
      {"rewrite edns0", "EDNS0 option is missing"},
      {"rewrite edns0 local", "action is missing"},
      {"rewrite edns0 color set x", "EDNS0 option 'color' is wrong, expected local, nsid or subnet"},
      {"rewrite edns0 local put x", "action 'put' is wrong, expected set, append, replace or unset"},
      {"rewrite edns0 local set", "CODE is missing"},
      {"rewrite edns0 local set 0xffee", "DATA is missing"},
      {"rewrite edns0 local set 65536 a", "CODE '65536' is wrong, expected a number from 0 to 65535"},
      {"rewrite edns0 local set 0xffee 0xabc", "DATA '0xabc' is wrong, expected pairs of hexadecimal digits"},
      {"rewrite edns0 local set 0xffee {dummy}", "variable '{dummy}' is wrong, expected {qname}, {qtype}"},
      {"rewrite edns0 nsid set junk", "unexpected argument 'junk'"},
      {"rewrite edns0 subnet set 33 56", "V4 BITS '33' is wrong, expected a number from 0 to 32"},
      {"rewrite edns0 subnet set 24 129", "V6 BITS '129' is wrong, expected a number from 0 to 128"},
      {"rewrite edns0 subnet set -1 56", "V4 BITS '-1' is wrong"},
      {"rewrite edns0 subnet unset 1", "unexpected argument '1'"},
      {"rewrite stop {\nanswer name a b\n}", "Corefile:3: rewrite: FIELD 'answer' is wrong"},
      {"rewrite stop {\nname a b\nname c d\n}", "Corefile:4: rewrite: name: is out of place"},
      {"rewrite stop {\nname suffix a b\n\nanswer auto x\n}",
       "Corefile:5: rewrite: part of the answer 'x' is wrong"},
      {"rewrite stop {\nnames a b\n}", "Corefile:3: rewrite: unknown option 'names', did you mean 'name'"},
      {"rewrite stop {\nname a b {\n}\n}", "Corefile:3: rewrite: name: takes no block"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
}

TEST(RewriteConfig, LongExpressionIsRefused) {
  const std::string lines = "rewrite name regex " + std::string(10001, 'a') + " b";
  EXPECT_THAT(refused(lines), HasSubstr("FROM is an expression of 10001 characters, expected at most 10000"));
}

TEST(RewriteConfig, WarnsOfWhatChangesNothing) {
  EXPECT_THAT(warnings_of("rewrite name regex (a) {2}.b"),
              ElementsAre(HasSubstr("names a group that FROM has not")));
  EXPECT_THAT(warnings_of("rewrite edns0 local set 10 {a/b}"),
              ElementsAre(HasSubstr("{a/b} has no value when rules are applied"),
                          HasSubstr("option 10 is between neighbours")));
}

TEST(RewriteConfig, Normalises) {
  EXPECT_EQ(only_rule("rewrite name A.Test B.Test").on->text, "a.test.");
  EXPECT_EQ(std::get<NameAction>(only_rule("rewrite name A.Test B.Test").action).to, "b.test.");
  EXPECT_TRUE(std::get<NameAction>(only_rule("rewrite name a b").action).automatic);
  EXPECT_EQ(only_rule("rewrite name suffix .COM .org").on->text, ".com.");
  EXPECT_EQ(only_rule("rewrite name prefix FOO bar").on->text, "foo");
  EXPECT_EQ(std::get<NameAction>(only_rule("rewrite name regex (A) {1}.B").action).to, "{1}.b.");
  EXPECT_FALSE(only_rule("rewrite continue type A AAAA").stop);
  const auto edns = std::get<EdnsAction>(only_rule("rewrite edns0 local set 0xffee 0x0aFf").action);
  EXPECT_EQ(edns.code, 0xffee);
  EXPECT_THAT(edns.data, ElementsAre(0x0a, 0xff));
  const auto ttl = std::get<TtlAction>(only_rule("rewrite ttl a 5-").action);
  EXPECT_EQ(ttl.least, 5U);
  EXPECT_EQ(ttl.most, 0x7FFFFFFFU);
  EXPECT_THAT(accepted("cache\nrewrite ttl a 5\nrewrite ttl b 5").directives,
              ElementsAre("rewrite", "cache", "forward"));
}

}  // namespace
}  // namespace nld::plugins::testing
