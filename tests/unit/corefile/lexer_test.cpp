// Tokens as Caddy cuts them.
#include "corefile/lexer.hpp"

#include <gtest/gtest.h>

namespace nld::corefile {
namespace {

/// "text@line", a '+' before the first token of a line, quotes around quoted ones.
std::string cut(std::string_view text) {
  const auto lexemes = lex(text, "f");
  if (!lexemes) return lexemes.error().to_string();
  std::string out;
  for (const Lexeme& lexeme : *lexemes) {
    if (!out.empty()) out += ' ';
    if (lexeme.starts_line) out += '+';
    out += lexeme.token.quoted ? "<" + lexeme.token.text + ">" : lexeme.token.text;
    out += "@" + std::to_string(lexeme.token.where.line);
  }
  return out;
}

TEST(Lexer, CutsAtBlanksAndCountsLines) {
  EXPECT_EQ(cut(""), "");
  EXPECT_EQ(cut(" \t\n\n "), "");
  EXPECT_EQ(cut("a b\tc\n\n  d"), "+a@1 b@1 c@1 +d@3");
  EXPECT_EQ(cut("{ } {}"), "+{@1 }@1 {}@1");
}

TEST(Lexer, DropsCarriageReturnsAndTheByteOrderMark) {
  EXPECT_EQ(cut("\xEF\xBB\xBF.:53 {\r\n  errors\r\n}\r\n"), "+.:53@1 {@1 +errors@2 +}@3");
  EXPECT_EQ(cut("a\rb"), "+ab@1");
  EXPECT_EQ(cut("a \xEF\xBB\xBF"), "+a@1 \xEF\xBB\xBF@1") << "only at the start";
}

TEST(Lexer, TreatsUnicodeBlanksAsGoDoes) {
  EXPECT_EQ(cut("a\xC2\xA0"
                "b\xE2\x80\xA8"
                "c\xE3\x80\x80"
                "d"),
            "+a@1 b@1 c@1 d@1");
  EXPECT_EQ(cut("caf\xC3\xA9 \xC2"), "+caf\xC3\xA9@1 \xC2@1");
}

TEST(Lexer, QuotesKeepBlanksBreaksAndBackslashes) {
  EXPECT_EQ(cut(R"(a "b  c" d)"), "+a@1 <b  c>@1 d@1");
  EXPECT_EQ(cut(R"("a \"b\" c")"), "+<a \"b\" c>@1");
  EXPECT_EQ(cut(R"("^\d+\.x\\y$")"), R"(+<^\d+\.x\\y$>@1)");
  EXPECT_EQ(cut("\"\" x"), "+<>@1 x@1");
  EXPECT_EQ(cut("a \"b\nc\" d\ne"), "+a@1 <b\nc>@1 d@2 +e@3");
  EXPECT_EQ(cut("\"a # b\"#c\nd"), "+<a # b>@1 +d@2");
  EXPECT_EQ(cut("\"x\\\ny\""), "+<x\\\ny>@1");
}

TEST(Lexer, QuotesAndBackslashesInsideAWordAreText) {
  EXPECT_EQ(cut(R"(a"b c"d \" \#)"), R"(+a"b@1 c"d@1 \"@1 \@1)");
  EXPECT_EQ(cut(R"("a"b)"), "+<a>@1 b@1");
  EXPECT_EQ(cut("`a b`"), "+`a@1 b`@1") << "backquotes came with Caddy 2 only";
}

TEST(Lexer, CommentsRunToTheLineEnd) {
  EXPECT_EQ(cut("# x\na # b \"c\n  #d\ne"), "+a@2 +e@4");
}

TEST(Lexer, AHashInsideAWordHidesTheRestOfThatWordOnly) {
  EXPECT_EQ(cut("30#s x\ny"), "+30@1 x@1 +y@2");
}

TEST(Lexer, AnUnclosedQuoteIsAnErrorAtItsStart) {
  EXPECT_EQ(cut("a\n \"b\nc"), "f:2: quoted string without an end: expected a closing '\"'");
  EXPECT_EQ(cut("\"a\\"), "f:1: quoted string without an end: expected a closing '\"'");
  EXPECT_EQ(cut("\"a\\\""), "f:1: quoted string without an end: expected a closing '\"'");
}

TEST(Lexer, IsBounded) {
  const auto few = lex("a b c", "f", 2);
  ASSERT_FALSE(few.has_value());
  EXPECT_EQ(few.error().to_string(), "f:1: too long: more than 1000000 words");
  EXPECT_TRUE(lex("a b", "f", 2).has_value());
  const auto large = lex(std::string(kMaxFileSize + 1, ' '), "f");
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().message, "file too large: more than 16 MiB");
}

}  // namespace
}  // namespace nld::corefile
