// errors, log: options accepted and refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kCommon =
    R"({remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration})";

TEST(ErrorsDirective, BareAndStdout) {
  ASSERT_TRUE(accepted("errors").errors);
  EXPECT_THAT(accepted("errors").errors->consolidate, IsEmpty());
  EXPECT_TRUE(accepted("errors stdout").errors);
  EXPECT_FALSE(accepted("log").errors);
}

TEST(ErrorsDirective, Consolidate) {
  const BlockConfig block = accepted(
      "errors {\n"
      "stacktrace\n"
      "panicRecoveryStacktrace\n"
      "consolidate 10s \".* i/o timeout$\"\n"
      "consolidate 5m ^exact$ warning\n"
      "consolidate 1s a info show_first\n"
      "consolidate 1s b show_first\n"
      "consolidate 1s \"x{2} \\d+ end$\" debug\n"
      "}");
  ASSERT_TRUE(block.errors);
  const auto& rules = block.errors->consolidate;
  ASSERT_EQ(rules.size(), 5U);
  EXPECT_EQ(rules[0].period, 10s);
  EXPECT_EQ(rules[0].expression, ".* i/o timeout$");
  EXPECT_EQ(rules[0].level, ErrorsConfig::Level::error);
  EXPECT_FALSE(rules[0].show_first);
  ASSERT_NE(rules[0].regex, nullptr);
  EXPECT_TRUE(re2::RE2::PartialMatch("read udp 10.0.0.1: i/o timeout", *rules[0].regex));
  EXPECT_FALSE(re2::RE2::PartialMatch("i/o timeout, later", *rules[0].regex));
  EXPECT_EQ(rules[1].period, 5min);
  EXPECT_EQ(rules[1].level, ErrorsConfig::Level::warning);
  EXPECT_EQ(rules[2].level, ErrorsConfig::Level::info);
  EXPECT_TRUE(rules[2].show_first);
  EXPECT_EQ(rules[3].level, ErrorsConfig::Level::error);
  EXPECT_TRUE(rules[3].show_first);
  EXPECT_EQ(rules[4].level, ErrorsConfig::Level::debug);
  EXPECT_TRUE(re2::RE2::PartialMatch("xx 42 end", *rules[4].regex));
}

TEST(ErrorsDirective, Refused) {
  const std::string long_expression(10'001, 'a');
  const std::string too_long = "errors {\nconsolidate 1s " + long_expression + "\n}";
  const std::pair<const char*, const char*> kCases[] = {
      {"errors errors.txt", "Corefile:2: errors: output 'errors.txt' is wrong, expected one of stdout"},
      {"errors stdout warning", "errors: unexpected argument 'warning'"},
      {"errors\nerrors", "Corefile:3: errors: already given on line 2"},
      {"errors {\nlog visible\n}", "Corefile:3: errors: unknown option 'log', expected one of consolidate"},
      {"errors {\nconsolidate\n}", "errors: consolidate: DURATION is missing"},
      {"errors {\nconsolidate 1m\n}", "errors: consolidate: REGEXP is missing"},
      {"errors {\nconsolidate 1 .*\n}", "errors: consolidate: DURATION: invalid duration '1'"},
      {"errors {\nconsolidate 0s .*\n}", "errors: consolidate: DURATION '0s' is wrong"},
      {"errors {\nconsolidate 1m ())\n}",
       "errors: consolidate: REGEXP '())' is wrong, expected a regular expression ("},
      {"errors {\nconsolidate 1m .* loud\n}",
       "LEVEL 'loud' is wrong, expected one of error, warning, info, debug, show_first"},
      {"errors {\nconsolidate 1m .* show_first info\n}", "expected [LEVEL] [show_first] after REGEXP"},
      {"errors {\nconsolidate 1m .* info error\n}", "expected [LEVEL] [show_first] after REGEXP"},
      {"errors {\nstacktrace on\n}", "errors: stacktrace: unexpected argument 'on'"},
      {"errors {\npanicRecoveryStacktrace on\n}",
       "errors: panicRecoveryStacktrace: unexpected argument 'on'"},
      {too_long.c_str(), "REGEXP has 10001 characters, expected at most 10000"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
}

LogRule rule(std::string_view line) {
  const BlockConfig block = accepted(line);
  return block.log.size() == 1 ? block.log.front() : LogRule{};
}

TEST(LogDirective, BareLogsAllInTheCommonFormat) {
  const LogRule bare = rule("log");
  EXPECT_THAT(texts(bare.names), ElementsAre("."));
  EXPECT_EQ(bare.format, kCommon);
  EXPECT_TRUE(bare.success && bare.denial && bare.error);
  EXPECT_FALSE(bare.min_duration);
  EXPECT_THAT(accepted("errors").log, IsEmpty());
}

TEST(LogDirective, NamesAndFormatAreToldApartByABrace) {
  EXPECT_THAT(texts(rule("log Example.org").names), ElementsAre("example.org."));
  EXPECT_EQ(rule("log example.org").format, kCommon);
  EXPECT_THAT(texts(rule("log a.test b.test {combined}").names), ElementsAre("a.test.", "b.test."));
  EXPECT_EQ(rule("log . {combined}").format, std::string(kCommon) + " \"{>opcode}\"");
  EXPECT_EQ(rule("log . {common}").format, kCommon);
  EXPECT_EQ(rule("log . \"{proto} Request: {name}\"").format, "{proto} Request: {name}");
  EXPECT_EQ(rule("log . \"Q {common}\"").format, "Q " + std::string(kCommon));
}

TEST(LogDirective, AFormatsNameWithoutBracesIsAName) {
  EXPECT_THAT(texts(rule("log . combined {\nclass all\n}").names), ElementsAre(".", "combined."));
  EXPECT_EQ(rule("log . combined {\nclass all\n}").format, kCommon);
  EXPECT_THAT(
      warnings_of("log . combined"),
      ElementsAre(
          "Corefile:2: log: 'combined' is taken for a name, as CoreDNS does; the format is {combined}"));
}

TEST(LogDirective, AFormatThatIsNotLastIsAName) {
  EXPECT_THAT(texts(rule("log . {combined} more").names), ElementsAre(".", "{combined}.", "more."));
  EXPECT_THAT(
      warnings_of("log . {combined} more"),
      ElementsAre(HasSubstr("log: '{combined}' is taken for a name, as CoreDNS does; a format stands last")));
}

TEST(LogDirective, AFormatAloneIsForAllNamesWithAWarning) {
  EXPECT_THAT(texts(rule("log {combined}").names), ElementsAre("."));
  EXPECT_EQ(rule("log {combined}").format, std::string(kCommon) + " \"{>opcode}\"");
  EXPECT_THAT(warnings_of("log {combined}"), ElementsAre(HasSubstr("Corefile:2: log: taken as the format")));
}

TEST(LogDirective, Classes) {
  const LogRule denial = rule("log . {\nclass denial\n}");
  EXPECT_TRUE(!denial.success && denial.denial && !denial.error);
  const LogRule two_lines = rule("log {\nclass denial\nclass error\n}");
  EXPECT_TRUE(!two_lines.success && two_lines.denial && two_lines.error);
  const LogRule success = rule("log {\nclass success\n}");
  EXPECT_TRUE(success.success && !success.denial && !success.error);
  const LogRule all = rule("log {\nclass error all\n}");
  EXPECT_TRUE(all.success && all.denial && all.error);
}

TEST(LogDirective, MinDuration) {
  EXPECT_EQ(rule("log {\nminDuration 1s\n}").min_duration, 1s);
  EXPECT_EQ(rule("log {\nminDuration\n}").min_duration, 100ms);
}

TEST(LogDirective, SeveralLinesKeepTheirOrder) {
  const BlockConfig block = accepted("log a.test\nlog b.test {\nclass error\n}");
  ASSERT_EQ(block.log.size(), 2U);
  EXPECT_THAT(texts(block.log[0].names), ElementsAre("a.test."));
  EXPECT_THAT(texts(block.log[1].names), ElementsAre("b.test."));
}

TEST(LogDirective, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"log a..b", "Corefile:2: log: NAME 'a..b' is wrong, expected a domain name"},
      {"log {\nclass\n}", "Corefile:3: log: class: CLASS is missing"},
      {"log {\nclass loud\n}", "CLASS 'loud' is wrong, expected one of all, success, denial, error"},
      {"log {\nminDuration long\n}", "log: minDuration: DURATION: invalid duration 'long'"},
      {"log {\nminDuration -1s\n}", "log: minDuration: DURATION '-1s' is wrong"},
      {"log {\nminDuration 1s 2s\n}", "log: minDuration: unexpected argument '2s'"},
      {"log {\nclasses all\n}", "log: unknown option 'classes', did you mean 'class', expected one of class"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
}

}  // namespace
}  // namespace nld::plugins::testing
