// Blocks, keys and directives, and the errors a person gets.
#include <gtest/gtest.h>

#include "corefile/limits.hpp"
#include "world.hpp"

namespace nld::corefile {
namespace {

const test::World world;

std::string outline(std::string_view text) {
  return world.outline(text);
}

TEST(Parser, ReadsServerBlocks) {
  EXPECT_EQ(outline(""), "");
  EXPECT_EQ(outline("# nothing\n"), "");
  EXPECT_EQ(outline(".:53 {\n}\n"), ".:53{}");
  EXPECT_EQ(outline(". {\n errors\n cache 30 a.example\n}\nb.example:5300 {\n whoami\n}"),
            ".{errors;cache(30|a.example)} b.example:5300{whoami}");
  EXPECT_EQ(outline("a {\n} b {\n}"), "a{} b{}");
}

TEST(Parser, ReadsSeveralKeys) {
  EXPECT_EQ(outline("a b.:53 dns://c {\n}"), "a|b.:53|dns://c{}");
  EXPECT_EQ(outline("a,\nb, c,\n  d {\n}"), "a|b|c|d{}");
  EXPECT_EQ(outline("a, b {\n}"), "a|b{}");
  EXPECT_EQ(outline("\"\" a {\n}"), "a{}");
}

TEST(Parser, TakesTheOpeningBraceOfAServerBlockOnALineOfItsOwn) {
  EXPECT_EQ(outline(".:53\n{\n errors\n}"), ".:53{errors}");
}

TEST(Parser, ReadsNestedAndEmptyBlocks) {
  EXPECT_EQ(outline(". {\n cache 30 {\n  success 10 20\n  denial 0 1\n }\n errors {\n }\n errors { }\n}"),
            ".{cache(30){success(10|20);denial(0|1)};errors{};errors{}}");
  EXPECT_EQ(outline(". {\n a {\n  b {\n   c d\n  }\n }\n}"), ".{a{b{c(d)}}}");
  EXPECT_EQ(outline(". {\n log . { class all }\n}"), ".{log(.){class(all)}}");
}

TEST(Parser, OneBlockNeedsNoBraces) {
  EXPECT_EQ(outline(".:53 a\nerrors\ncache 30 {\n prefetch 1\n}\nlog"),
            ".:53|a{errors;cache(30){prefetch(1)};log}");
  EXPECT_EQ(outline("."), ".{}");
}

TEST(Parser, KeepsLocationsAndQuotes) {
  const auto syntax = world.parse(". {\n\n  log \"a b\" {\n    class all\n  }\n}", "Core");
  ASSERT_TRUE(syntax.has_value());
  const Directive& log = syntax->blocks.at(0).directives.at(0);
  EXPECT_EQ(log.where().line, 3U);
  EXPECT_EQ(log.where().file, "Core");
  EXPECT_TRUE(log.arguments.at(0).quoted);
  EXPECT_FALSE(log.name.quoted);
  EXPECT_EQ(log.block.at(0).arguments.at(0).where.line, 4U);
  EXPECT_EQ(syntax->blocks[0].keys[0].where.line, 1U);
}

TEST(Parser, QuotedBracesAndImportAreText) {
  EXPECT_EQ(outline(". {\n log \"{\" \"}\" \"import\"\n}"), ".{log({|}|import)}");
  EXPECT_EQ(outline(". {\n log {combined} {a}{b}\n}"), ".{log({combined}|{a}{b})}");
  EXPECT_EQ(outline(". {\n answer {{ .Name }} 60 IN A 1.2.3.4\n}"), ".{answer({{|.Name|}}|60|IN|A|1.2.3.4)}");
}

TEST(Parser, AQuotedStringOverLinesDoesNotEndTheLine) {
  EXPECT_EQ(outline(". {\n log \"a\nb\" c\n errors\n}"), ".{log(a\nb|c);errors}");
}

TEST(Parser, ReplacesEnvironmentReferences) {
  const test::World set{
      .environment = {{"IP", "10.0.0.1"}, {"ZONES", "a b"}, {"BRACE", "{"}}, .files = {}, .globs = {}};
  EXPECT_EQ(set.outline(".:53 {\n bind {$IP} {%IP%}:1 \"{$IP}\"\n}"),
            ".:53{bind(10.0.0.1|10.0.0.1:1|10.0.0.1)}");
  EXPECT_EQ(set.outline(". {\n bind {$NONE} x{$NONE}\n}"), ".{bind(|x)}");
  EXPECT_EQ(set.outline("{$NONE} a {\n}"), "a{}") << "as Caddy: an empty key is no key";
  EXPECT_EQ(set.outline(". {\n bind {$ZONES}\n}"), ".{bind(a b)}") << "one token stays one";
  EXPECT_EQ(set.outline(". {\n bind {$BRACE}\n}"), ".{bind({)}") << "a value opens no block";
}

TEST(ParserErrors, NameTheLineAndWhatWasExpected) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {". {\n errors\n", "Corefile:1: the block of '.' has no end: expected '}'"},
      {". {\n cache {\n  x\n", "Corefile:2: the block of 'cache' has no end: expected '}'"},
      {". {\n}\n}\n", "Corefile:3: unexpected '}': no block is open, expected a zone"},
      {".\nerrors\n}\n", "Corefile:3: unexpected '}': no block is open"},
      {"{\n errors\n}", "Corefile:1: server block without a zone: expected a zone before '{'"},
      {"\"\" {\n}", "Corefile:1: server block without a zone: expected a zone before '{'"},
      {"{$NONE} {\n}", "Corefile:1: server block without a zone: expected a zone before '{'"},
      {"a,\n{\n}", "Corefile:2: expected another zone after ',', found '{'"},
      {"a,", "Corefile:1: expected another zone after ',', found the end"},
      {"a , b {\n}", "Corefile:1: expected a zone before ','"},
      {"a,b {\n}", "Corefile:1: expected a blank after ',' in 'a,b'"},
      {"# x\nzone:53{\n errors\n}", "Corefile:2: expected a blank before '{' in 'zone:53{'"},
      {"zone {\n cache{\n }\n}", "Corefile:2: expected a blank before '{' in 'cache{'"},
      {"zone {\n forward . 1.1.1.1{\n }\n}", "Corefile:2: expected a blank before '{' in '1.1.1.1{'"},
      {"zone {}", "Corefile:1: expected a line break between '{' and '}' in '{}'"},
      {"zone {\n errors {}\n}", "Corefile:2: expected a line break between '{' and '}' in '{}'"},
      {"a}b {\n}", "Corefile:1: unexpected brace in the zone 'a}b'"},
      {". {\n cache\n {\n }\n}",
       "Corefile:3: unexpected '{': expected a directive, or '{' at the end of the line of 'cache'"},
      {". {\n {\n }\n}", "Corefile:2: unexpected '{': expected a directive"},
      {". {\n cache {\n } errors\n}",
       "Corefile:3: expected a line break after the '}' of 'cache' (line 2), found 'errors'"},
      {". {\n log \"x\n}", "Corefile:2: quoted string without an end: expected a closing '\"'"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(outline(text), error) << text;
}

TEST(ParserBounds, Nesting) {
  const auto nested = [](std::size_t depth) {
    std::string text = ". {\n";
    for (std::size_t level = 1; level < depth; ++level) text += "a {\n";
    for (std::size_t level = 0; level < depth; ++level) text += "}\n";
    return text;
  };
  EXPECT_TRUE(world.parse(nested(kMaxNesting)).has_value());
  EXPECT_EQ(outline(nested(kMaxNesting + 1)), "Corefile:65: blocks nest more than 64 deep");
  EXPECT_EQ(outline(nested(100'000)), "Corefile:65: blocks nest more than 64 deep");
}

TEST(ParserBounds, Tokens) {
  std::string text = ". {\n";
  for (std::size_t count = 0; count < kMaxTokens; ++count) text += "a\n";
  EXPECT_TRUE(outline(text).ends_with("too long: more than 1000000 words"));
}

}  // namespace
}  // namespace nld::corefile
