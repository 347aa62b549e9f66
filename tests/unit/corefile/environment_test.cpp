// {$NAME} and {%NAME%}: values, unset names, and values that never end.
#include "corefile/environment.hpp"

#include <gtest/gtest.h>

#include <map>

#include "corefile/limits.hpp"

namespace nld::corefile {
namespace {

std::string expand(std::string_view text) {
  static const std::map<std::string, std::string, std::less<>> values = {{"A", "1"},
                                                                         {"B", "{$A}2"},
                                                                         {"C", "{%A%}"},
                                                                         {"SELF", "x{$SELF}"},
                                                                         {"P", "{%Q%}"},
                                                                         {"Q", "{$P}"},
                                                                         {"BOMB", "{$BOMB}{$BOMB}"},
                                                                         {"BIG", std::string(70000, 'x')}};
  const auto result = expand_environment(text, [](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  });
  return result ? *result : "error: " + result.error();
}

TEST(Environment, ReplacesBothForms) {
  EXPECT_EQ(expand("plain"), "plain");
  EXPECT_EQ(expand("{$A}"), "1");
  EXPECT_EQ(expand("a{$A}b{%A%}c{$A}"), "a1b1c1");
  EXPECT_EQ(expand("{$B}:{$C}"), "12:1");
}

TEST(Environment, AnUnsetNameIsEmpty) {
  EXPECT_EQ(expand("{$NONE}"), "");
  EXPECT_EQ(expand("x{%NONE%}y"), "xy");
}

TEST(Environment, LeavesWhatIsNoReference) {
  for (const auto* text : {"{$}", "{$A", "{%A}", "{%%}", "{A}", "${A}", "{{$", "{$}{$A}"}) {
    EXPECT_EQ(expand(text), text);
  }
}

TEST(Environment, EndsWhenValuesDoNot) {
  for (const auto* text : {"{$SELF}", "{$P}", "{$BOMB}"}) {
    EXPECT_TRUE(expand(text).starts_with("error: environment references in '")) << expand(text);
    EXPECT_TRUE(expand(text).ends_with("refers to itself")) << expand(text);
  }
  EXPECT_EQ(expand("{$BIG}"), "error: environment references in '{$BIG}' grow past 65536 octets");
}

}  // namespace
}  // namespace nld::corefile
