// Go's duration notation, both ways.
#include "corefile/duration.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace nld::corefile {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

TEST(Duration, ParsesAsGo) {
  const std::pair<std::string_view, nanoseconds> cases[] = {
      {"0", 0ns},
      {"+0", 0ns},
      {"-0", 0ns},
      {"0s", 0ns},
      {"5s", 5s},
      {"30s", 30s},
      {"1478s", 1478s},
      {"-5s", -5s},
      {"+5s", 5s},
      {"5.0s", 5s},
      {"5.6s", 5600ms},
      {"5.s", 5s},
      {".5s", 500ms},
      {"1.004s", 1004ms},
      {"100.00100s", 100001ms},
      {"10ns", 10ns},
      {"11us", 11us},
      {"12\xC2\xB5s", 12us},
      {"12\xCE\xBCs", 12us},
      {"13ms", 13ms},
      {"15m", 15min},
      {"16h", 16h},
      {"3h30m", 210min},
      {"10.5s4m", 250500ms},
      {"-2m3.4s", -123400ms},
      {"1h2m3s4ms5us6ns", 1h + 2min + 3s + 4ms + 5us + 6ns},
      {"39h9m14.425s", 39h + 9min + 14s + 425ms},
      {"9007199254740993ns", 9007199254740993ns},
      {"0.3333333333333333333h", 20min},
      {"9223372036854775807ns", nanoseconds::max()},
      {"-9223372036854775808ns", nanoseconds::min()},
      {"-9223372036854.775808ms", nanoseconds::min()},
      {"0.100000000000000000000h", 6min},
  };
  for (const auto& [text, value] : cases) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed.has_value()) << text << ": " << parsed.error();
    EXPECT_EQ(parsed->count(), value.count()) << text;
  }
}

TEST(Duration, RefusesWhatGoRefuses) {
  for (const auto* text : {"",
                           "-",
                           "+",
                           "3",
                           "s",
                           ".",
                           "-.",
                           ".s",
                           "+.s",
                           "1d",
                           "\x85\x85",
                           "3000000h",
                           "9223372036854775808ns",
                           "9223372036854775.808us",
                           "-9223372036854775809ns",
                           "1 s",
                           "30s ",
                           "1h-5m",
                           "99999999999999999999s",
                           "1e3s",
                           "1S"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Duration, ErrorsSayWhatIsWrong) {
  EXPECT_EQ(parse_duration("30").error(),
            "invalid duration '30': expected a unit after the number: ns, us, ms, s, m or h");
  EXPECT_EQ(parse_duration("2d").error(),
            "invalid duration '2d': unknown unit 'd', expected ns, us, ms, s, m or h");
  EXPECT_EQ(parse_duration("x").error(),
            "invalid duration 'x': expected a number with a unit, such as 30s, 1m30s or 500ms");
  EXPECT_EQ(parse_duration("9999999h").error(), "invalid duration '9999999h': too large");
}

TEST(Duration, PrintsAsGo) {
  const std::pair<nanoseconds, std::string_view> cases[] = {
      {0ns, "0s"},
      {1ns, "1ns"},
      {1100ns, "1.1\xC2\xB5s"},
      {2200us, "2.2ms"},
      {3300ms, "3.3s"},
      {30s, "30s"},
      {4min + 5s, "4m5s"},
      {4min + 5001ms, "4m5.001s"},
      {5h + 6min + 7001ms, "5h6m7.001s"},
      {8min + 1ns, "8m0.000000001s"},
      {1h, "1h0m0s"},
      {60s, "1m0s"},
      {-90s, "-1m30s"},
      {300ms, "300ms"},
      {nanoseconds::max(), "2562047h47m16.854775807s"},
      {nanoseconds::min(), "-2562047h47m16.854775808s"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(to_go_string(value), text);
}

TEST(Duration, ReadsBackWhatItPrints) {
  std::uint64_t state = 1;
  for (int round = 0; round < 5000; ++round) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const nanoseconds value(static_cast<std::int64_t>(state) >> (round % 60));
    const auto parsed = parse_duration(to_go_string(value));
    ASSERT_TRUE(parsed.has_value()) << to_go_string(value);
    // Above 2^53 ns of fraction Go loses nothing either: the fraction is below a second.
    EXPECT_EQ(parsed->count(), value.count()) << to_go_string(value);
  }
}

}  // namespace
}  // namespace nld::corefile
