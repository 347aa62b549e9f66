// Canonical print and the way back.
#include "corefile/format.hpp"

#include <gtest/gtest.h>

#include "world.hpp"

namespace nld::corefile {
namespace {

const test::World world;

TEST(Format, PrintsOneDirectiveALine) {
  const auto syntax =
      world.parse("a, b:53 { # c\n errors\n  cache\t30 { success 1 }\n log . \"x y\" {\n }\n}\n.\nwhoami");
  ASSERT_TRUE(syntax.has_value()) << syntax.error().to_string();
  EXPECT_EQ(format(*syntax),
            "a b:53 {\n"
            "    errors\n"
            "    cache 30 {\n"
            "        success 1\n"
            "    }\n"
            "    log . \"x y\" {\n"
            "    }\n"
            "}\n"
            ". {\n"
            "    whoami\n"
            "}\n");
  EXPECT_EQ(format(Syntax{}), "");
}

TEST(Format, ReadsBackWhatItPrints) {
  const test::World values{.environment = {{"BLANKS", " a  b "},
                                           {"BRACE", "{"},
                                           {"CLOSE", "}"},
                                           {"IMPORT", "import"},
                                           {"HASH", "a#b"},
                                           {"QUOTE", "\"q"},
                                           {"EVEN", "a \\\\\""},
                                           {"LINES", "a\r\nb"}},
                           .files = {},
                           .globs = {}};
  for (const auto* text : {
           ". {\n a \"\" \"x y\" \"{\" \"}\" \"{}\" \"x{\" \"import\" \"a#b\" \"\\\"\" \"\\d\\\\\"\n}",
           ". {\n \"import\" x\n \"{\" {\n }\n \"\"\n}",
           "\"import\" {\n}",
           ". {\n a {$BLANKS} {$BRACE} {$CLOSE} {$IMPORT} {$HASH} {$QUOTE} {$EVEN} {$LINES} {$NONE}\n "
           "{$BRACE}\n}",
           "\"\xEF\xBB\xBFzone\" {\n}",
           "\n\xEF\xBB\xBFz\\ {\n}",
           ". {\n a \"\xC2\xA0\" b\\\n c\\\"d\n e\"f\n \"a\nb\" c\n}",
           ". {\n a x{ {} y\\\"{ z\n b{ c\n d{ {\n }\n}\n",
       }) {
    const auto first = values.parse(text);
    ASSERT_TRUE(first.has_value()) << text << first.error().to_string();
    const std::string printed = format(*first);
    const auto second = values.parse(printed);
    ASSERT_TRUE(second.has_value()) << printed << second.error().to_string();
    EXPECT_TRUE(same_meaning(*first, *second)) << printed;
    EXPECT_EQ(format(*second), printed);
  }
}

TEST(Format, SameMeaningSeesEveryDifference) {
  const auto tree = [](std::string_view text) { return world.parse(text).value(); };
  const Syntax base = tree(". a {\n x 1 {\n  y\n }\n}");
  EXPECT_TRUE(same_meaning(base, tree(".   \"a\"   { # c\n\n x \"1\" { y }\n}")));
  for (const auto* other : {"a . {\n x 1 {\n  y\n }\n}", ". {\n x 1 {\n  y\n }\n}",
                            ". a {\n x 2 {\n  y\n }\n}", ". a {\n x 1 {\n  z\n }\n}", ". a {\n x 1 {\n }\n}",
                            ". a {\n x 1\n}", ". a {\n x 1 {\n  y\n }\n}\nb {\n}", ""}) {
    EXPECT_FALSE(same_meaning(base, tree(other))) << other;
  }
  EXPECT_FALSE(same_meaning(tree(". {\n x\n}"), tree(". {\n x {\n }\n}")));
}

}  // namespace
}  // namespace nld::corefile
