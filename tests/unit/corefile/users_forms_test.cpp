// Forms that real node-cache Corefiles use and that parsers stumble over.
#include <gtest/gtest.h>

#include "corefile/format.hpp"
#include "corefile/zone.hpp"
#include "world.hpp"

namespace nld::corefile {
namespace {

struct Form {
  const char* what;
  const char* text;
  const char* outline;
};

constexpr Form kForms[] = {
    {"several zones, some with a port", "one.test two.test:1053 three.test.:53 {\n}",
     "one.test|two.test:1053|three.test.:53{}"},
    {"a zone with a final dot", "inner.test. {\n}", "inner.test.{}"},
    {"empty option blocks", ". {\n errors {\n }\n forward . 192.0.2.1 {\n\n }\n}",
     ".{errors{};forward(.|192.0.2.1){}}"},
    {"cache with a TTL and sizes only", ". {\n cache 20 {\n  success 500\n  denial 250\n }\n}",
     ".{cache(20){success(500);denial(250)}}"},
    {"denial switched off", ". {\n cache {\n  denial 0 1\n }\n}", ".{cache{denial(0|1)}}"},
    {"comments behind options", ". {\n cache 30 { # size\n  success 5 # five\n  # whole line }\n }\n}",
     ".{cache(30){success(5)}}"},
    {"a quoted regex with braces and backslashes",
     ". {\n template IN A {\n  match \"^(\\d{1,3}-){3}\\d+[.]x[.]$\"\n  match \"{$\"\n }\n}",
     ".{template(IN|A){match(^(\\d{1,3}-){3}\\d+[.]x[.]$);match({$)}}"},
    {"a bare regex with braces", ". {\n rewrite name regex (a{2})\\.x {1}.y answer auto\n}",
     ".{rewrite(name|regex|(a{2})\\.x|{1}.y|answer|auto)}"},
    {"a Go template in an answer",
     ". {\n template IN A {\n  answer \"{{ .Name }} 60 IN A {{ index .Match 1 }}\"\n }\n}",
     ".{template(IN|A){answer({{ .Name }} 60 IN A {{ index .Match 1 }})}}"},
    {"a glob that matches nothing", ". {\n import extra/*.override\n errors\n}\nimport extra/*.server\n",
     ".{errors}"},
    {"health without an address", ". {\n health\n health {\n  lameduck 5s\n }\n}",
     ".{health;health{lameduck(5s)}}"},
    {"health on an IPv6 address", ". {\n health [fd00::a]:9254\n bind fd00::a ::1\n}",
     ".{health([fd00::a]:9254);bind(fd00::a|::1)}"},
    {"errors with a level", ". {\n errors {\n  consolidate 5m \".* i/o timeout$\" warning\n }\n}",
     ".{errors{consolidate(5m|.* i/o timeout$|warning)}}"},
    {"log with a class block", ". {\n log . combined {\n  class denial error\n }\n}",
     ".{log(.|combined){class(denial|error)}}"},
    {"log with a format in braces", ". {\n log . {combined}\n log . \"{remote} {>id}\"\n}",
     ".{log(.|{combined});log(.|{remote} {>id})}"},
    {"blanks and tabs at line ends",
     ".:53 { \t\n errors \t \n forward . 192.0.2.1 {\t\n  force_tcp \n } \n}\t\n\n",
     ".:53{errors;forward(.|192.0.2.1){force_tcp}}"},
    {"carriage returns", ".:53 {\r\n errors\r\n cache 30 {\r\n }\r\n}\r\n", ".:53{errors;cache(30){}}"},
    {"a closing brace further in than its block", "a:53 {\n    errors\n    }\nb:53 {\n    errors\n    }\n",
     "a:53{errors} b:53{errors}"},
    {"nested rewrite", ". {\n rewrite stop {\n  name exact a.test b.test\n\n }\n}",
     ".{rewrite(stop){name(exact|a.test|b.test)}}"},
    {"hosts written in place", ". {\n hosts {\n  192.0.2.1   a.test  b.test\n  fallthrough\n }\n}",
     ".{hosts{192.0.2.1(a.test|b.test);fallthrough}}"},
    {"a quoted number", ". {\n hosts {\n  reload \"0s\"\n }\n}", ".{hosts{reload(0s)}}"},
    {"an address from the environment", ". {\n prometheus {$NODE}:9255\n}", ".{prometheus(192.0.2.9:9255)}"},
    {"another listener kind", "https://doh.test:4453 {\n errors\n}", "https://doh.test:4453{errors}"},
    {"reverse zones by CIDR", "10.96.0.0/12 fd00::/8 {\n errors\n}", "10.96.0.0/12|fd00::/8{errors}"},
};

TEST(UsersForms, AllParseAndPrintBack) {
  const test::World world{.environment = {{"NODE", "192.0.2.9"}}, .files = {}, .globs = {}};
  for (const Form& form : kForms) {
    SCOPED_TRACE(form.what);
    EXPECT_EQ(world.outline(form.text), form.outline);
    const auto syntax = world.parse(form.text);
    ASSERT_TRUE(syntax.has_value());
    const auto again = world.parse(format(*syntax));
    ASSERT_TRUE(again.has_value()) << again.error().to_string();
    EXPECT_TRUE(same_meaning(*syntax, *again)) << format(*syntax);
    for (const ServerBlock& block : syntax->blocks) {
      for (const Token& key : block.keys) {
        const auto zone = parse_zone_key(key.text);
        EXPECT_TRUE(zone.has_value()) << key.text << ": " << zone.error();
      }
    }
  }
}

TEST(UsersForms, AZoneGluedToItsBraceIsAClearError) {
  EXPECT_EQ(test::World{}.outline("one.test two.test:1053{\n  errors\n}\n"),
            "Corefile:1: expected a blank before '{' in 'two.test:1053{'");
}

}  // namespace
}  // namespace nld::corefile
