// The index finds what trying one rule after the other finds.
#include "plugins/rewrite/matcher.hpp"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>

#include "plugins/rewrite/change.hpp"
#include "plugins/rewrite/words.hpp"

namespace nld::plugins::rewriting {
namespace {

NameMatch match_of(MatchKind kind, const std::string& text) {
  NameMatch match{.kind = kind, .text = text, .name = {}, .regex = nullptr};
  if (kind == MatchKind::exact) match.name = dns::Name::from_text(text)->lowered();
  if (kind == MatchKind::regex) match.regex = std::make_shared<const re2::RE2>(text, re2::RE2::Quiet);
  return match;
}

std::uint32_t slowly(const std::vector<NameMatch>& rules, const dns::Name& name, std::uint32_t from) {
  const std::string text = name.lowered().to_text();
  for (std::uint32_t at = from; at < rules.size(); ++at) {
    if (change(rules[at], "", text)) return at;
  }
  return NameMatcher::kNone;
}

class Search {
 public:
  explicit Search(std::vector<NameMatch> rules) : rules_(std::move(rules)) {
    for (std::uint32_t at = 0; at < rules_.size(); ++at) matcher_.add(rules_[at], at);
    matcher_.build();
  }
  /// Checks every place to begin at; returns how many searches found something.
  int check(const std::string& text) const {
    const dns::Name name = *dns::Name::from_text(text);
    int found = 0;
    for (std::uint32_t from = 0; from <= rules_.size(); ++from) {
      const std::uint32_t fast = matcher_.first(name.wire(), from);
      EXPECT_EQ(fast, slowly(rules_, name, from)) << text << " from " << from;
      found += fast == NameMatcher::kNone ? 0 : 1;
    }
    return found;
  }

 private:
  std::vector<NameMatch> rules_;
  NameMatcher matcher_;
};

TEST(NameMatcher, KeepsTheOrderAcrossKinds) {
  using enum MatchKind;
  const Search search({match_of(regex, "^never$"), match_of(substring, "b.c"), match_of(exact, "a.b.c."),
                       match_of(suffix, "c."), match_of(prefix, "a"), match_of(regex, "(.*)\\.b\\.c"),
                       match_of(regex, "x|b\\.c|zz"), match_of(regex, "."), match_of(prefix, ""),
                       match_of(exact, "a.b.c.")});
  EXPECT_EQ(search.check("a.b.c."), 10);
  EXPECT_EQ(search.check("A.b.C."), 10);
  for (const char* name : {".", "c.", "b.c.", "xa.b.c.", "telecomc.", "never.", "zz.zz."}) search.check(name);
}

TEST(NameMatcher, EscapedLettersArePartOfTheText) {
  using enum MatchKind;
  const Search search(
      {match_of(suffix, "\\.x.test."), match_of(regex, "^a\\\\\\.x"), match_of(substring, "\\000")});
  EXPECT_GT(search.check("a\\.x.test."), 0);
  EXPECT_GT(search.check("a\\000b.test."), 0);
  EXPECT_EQ(search.check("a.x.test."), 0);
}

TEST(NameMatcher, AgreesWithTryingAllOnRandomRules) {
  std::mt19937 random(7);
  const auto word = [&](std::size_t longest) {
    std::string text;
    for (std::size_t left = 1 + random() % longest; left > 0; --left) text += "abc.-"[random() % 5];
    return text;
  };
  const auto name = [&] {
    for (;;) {
      if (const auto made = dns::Name::from_text(word(12) + "." + word(6))) return made->to_text();
    }
  };
  int found = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<NameMatch> rules;
    for (int count = 0; count < 40; ++count) {
      const auto kind = static_cast<MatchKind>(random() % 5);
      if (kind == MatchKind::exact) {
        rules.push_back(match_of(kind, name()));
      } else if (kind == MatchKind::regex) {
        const std::string quoted = re2::RE2::QuoteMeta(word(4));
        rules.push_back(
            match_of(kind, random() % 2 == 0 ? "(.*)" + quoted + "x*" : "^" + quoted + "|cc" + quoted));
      } else {
        rules.push_back(match_of(kind, kind == MatchKind::suffix ? fully_qualified(word(4)) : word(4)));
      }
    }
    const Search search(std::move(rules));
    for (int query = 0; query < 40; ++query) found += search.check(name());
  }
  EXPECT_GT(found, 10000) << "the rules seldom fit: the test says nothing";
}

TEST(Change, ReplacesWhatFits) {
  using enum MatchKind;
  EXPECT_EQ(change(match_of(prefix, "foo."), "bar.", "foo.example.com."), "bar.example.com.");
  EXPECT_EQ(change(match_of(prefix, ""), "bar.", "foo."), "bar.foo.");
  EXPECT_EQ(change(match_of(suffix, ".com."), ".org.", "foo.example.com."), "foo.example.org.");
  EXPECT_EQ(change(match_of(substring, "-api-"), "-svc-", "my-api-prod-api-x."), "my-svc-prod-svc-x.");
  EXPECT_EQ(
      change(match_of(regex, "(.*)-(us-west-1)\\.test"), "{1}.service.{2}.consul.", "ftp-us-west-1.test."),
      "ftp.service.us-west-1.consul.");
  EXPECT_EQ(change(match_of(regex, "(a)|(b)"), "{0}{1}{2}{3}{x}{.", "b."), "bb{3}{x}{.");
  EXPECT_FALSE(change(match_of(exact, "a."), "b.", "c."));
  const GroupUse use = groups_used("{1}.{1}.{12}.{101}.{01}.{-1}.{");
  EXPECT_EQ(use.count, 2);
  EXPECT_EQ(use.highest, 12);
}

}  // namespace
}  // namespace nld::plugins::rewriting
