// Files as big as users have: they load within a second of CPU time, and expressions that would not are
// refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "plugins/hosts/table.hpp"
#include "plugins/rewrite/rules.hpp"
#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using ::testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kSlower = 15;  // what is instrumented
#else
constexpr double kSlower = 1;
#endif
/// A second is the promise; three are what a busy machine with cold caches may make of it.
constexpr double kMostSeconds = 3 * kSlower;

/// CPU time of this process, which others on the machine do not lengthen.
template <class Work>
double cpu_seconds(Work work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

std::string rule_number(std::string_view kind, int number) {
  const std::string text = std::to_string(number);
  if (kind == "exact") return "rewrite name exact n" + text + ".old.test n" + text + ".new.test\n";
  if (kind == "prefix") return "rewrite name prefix n" + text + "- m" + text + "-\n";
  if (kind == "suffix") return "rewrite name suffix .z" + text + ".test .new.test answer auto\n";
  if (kind == "substring") return "rewrite name substring -s" + text + "- -t-\n";
  return "rewrite name regex ^(.*)\\.r" + text +
         "\\.(a|b)\\.test\\.$ {1}.{2}.new.test answer name (.*)\\.new {1}\n";
}

class TenThousandRules : public ::testing::TestWithParam<const char*> {};

TEST_P(TenThousandRules, LoadWithinASecond) {
  std::string lines;
  for (int number = 0; number < 10'000; ++number) lines += rule_number(GetParam(), number);
  const std::string text = block_of(lines);
  std::size_t loaded = 0;
  const double took = cpu_seconds([&] {
    auto config = load(text);
    ASSERT_TRUE(config) << config.error();
    loaded = config->blocks.front().rewrite.size();
    const rewriting::Rules rules(std::move(config->blocks.front().rewrite));
    EXPECT_FALSE(rules.takes(dns::RRClass::CH));
  });
  EXPECT_EQ(loaded, 10'000U);
  EXPECT_LT(took, kMostSeconds);
}

INSTANTIATE_TEST_SUITE_P(Kinds, TenThousandRules,
                         ::testing::Values("exact", "prefix", "suffix", "substring", "regex"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST(BigFiles, AHundredThousandHostsLoadWithinASecond) {
  std::string entries;
  for (int number = 0; number < 100'000; ++number) {
    entries += "10." + std::to_string(number / 65536) + "." + std::to_string(number / 256 % 256) + "." +
               std::to_string(number % 256) + " host-" + std::to_string(number) + ".example.test alias-" +
               std::to_string(number) + "\n";
  }
  const std::vector<dns::Name> zones(1);
  HostsTable table;
  EXPECT_LT(cpu_seconds([&] { table.add(entries, zones, true); }), kMostSeconds);
  EXPECT_NE(table.find(dns::Name::from_text("alias-99999.")->wire()), nullptr);
}

TEST(BigFiles, EntriesInTheCorefileLoadWithinASecond) {
  std::string lines = "hosts {\n";
  for (int number = 0; number < 100'000; ++number) {
    lines += "10.0." + std::to_string(number / 256 % 256) + "." + std::to_string(number % 256) + " host-" +
             std::to_string(number) + ".test\n";
  }
  const std::string text = block_of(lines + "}");
  EXPECT_LT(cpu_seconds([&] {
              const auto config = load(text);
              ASSERT_TRUE(config) << config.error();
              const HostsConfig& hosts = *config->blocks.front().hosts;
              HostsTable table;
              table.add(hosts.lines, hosts.zones, hosts.reverse);
              EXPECT_NE(table.find(dns::Name::from_text("host-99999.test.")->wire()), nullptr);
            }),
            kMostSeconds);
}

/// Short as a text, endless as a program.
TEST(BigFiles, ExpressionsThatGrowWhenTheyAreCompiledAreRefused) {
  const std::string huge = "(\\pL|\\pN){1000}";
  for (const std::string& lines :
       {"rewrite name regex " + huge + " b.test", "rewrite name regex a b answer name " + huge + " b",
        "rewrite ttl regex " + huge + " 5", "template IN A {\nmatch \"" + huge + "\"\n}",
        "errors {\nconsolidate 5m \"" + huge + "\"\n}"}) {
    EXPECT_THAT(refused(lines), ::testing::MatchesRegex("Corefile:[23]: .*pattern too large.*")) << lines;
  }
}

}  // namespace
}  // namespace nld::plugins::testing
