// rewrite [continue|stop] FIELD …, in one line or in a block: reading it.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "plugins/arguments.hpp"
#include "plugins/rewrite/change.hpp"
#include "plugins/rewrite/words.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

using namespace rewriting;

constexpr std::array<std::string_view, 5> kMatchTypes = {"exact", "prefix", "suffix", "substring", "regex"};
constexpr std::string_view kFields[] = {"name", "type", "class", "ttl", "cname", "rcode", "edns0"};
constexpr std::uint32_t kLongestTtl = 0x7FFFFFFF;  // RFC 2181 §8

dns::Name read_whole_name(Words& words, std::string_view what, std::string_view text) {
  const auto name = dns::Name::from_text(text);
  if (name) return name->lowered();
  words.fail_value(what, text, "a domain name (" + std::string(dns::describe(name.error())) + ")");
  return {};
}

/// [exact|prefix|suffix|substring|regex] FROM: the match type may be left out when only `after` words follow
/// FROM.
NameMatch read_match(Words& words, std::size_t after) {
  NameMatch match;
  if (words.left() > after + 1) {
    const std::string text = words.keyword("match type");
    const auto* const known = std::ranges::find(kMatchTypes, text);
    if (known == kMatchTypes.end()) {
      words.fail_value("match type", text, "exact, prefix, suffix, substring or regex");
      return match;
    }
    match.kind = static_cast<MatchKind>(known - kMatchTypes.begin());
  }
  if (match.kind == MatchKind::regex) {
    match.text = words.peek();
    match.regex = words.regex("FROM");
    return match;
  }
  const std::string_view text = words.word("FROM");
  if (words.failed()) return match;
  if (match.kind == MatchKind::exact) {
    match.name = read_whole_name(words, "FROM", text);
    match.text = match.name.to_text();
  } else if (match.kind == MatchKind::suffix) {
    match.text = fully_qualified(text);
  } else {
    match.text = lower_case(text);
    if (match.kind == MatchKind::substring && text.empty())
      words.fail("FROM is empty, expected a part of a name");
  }
  return match;
}

void check_groups(Words& words, const re2::RE2& from, std::string_view to) {
  const GroupUse use = groups_used(to);
  const int known = from.NumberOfCapturingGroups();
  if (use.count > known) {
    words.fail_value("TO", to, "at most " + std::to_string(known) + " groups, as many as FROM has");
  } else if (use.highest > known) {
    words.warn("TO '" + std::string(to) + "' names a group that FROM has not: it stays as it is");
  }
}

/// TO of a name: a whole name, or its part.
std::string read_to(Words& words, const NameMatch& from) {
  const std::string_view text = words.word("TO");
  if (words.failed()) return {};
  switch (from.kind) {
    case MatchKind::exact:
      return read_whole_name(words, "TO", text).to_text();
    case MatchKind::prefix:
    case MatchKind::substring:
      return lower_case(text);
    case MatchKind::suffix:
      break;
    case MatchKind::regex:
      check_groups(words, *from.regex, text);
      break;
  }
  return fully_qualified(text);
}

/// [answer] (auto | name FROM TO | value FROM TO), again and again; only the first needs the word `answer`.
void read_answers(Words& words, NameAction& action) {
  static constexpr std::string_view kExpected = "auto, name or value";
  bool by_name = false;
  for (bool first = true; words.more(); first = false) {
    if (words.peek() == "answer") {
      words.word("answer");
    } else if (first) {
      words.fail_value("word after TO", words.word("word"), "answer");
      return;
    }
    const std::string_view part = words.word("part of the answer");
    if (words.failed()) return;
    if (part == "auto") {
      action.automatic = true;
      continue;
    }
    if (part != "name" && part != "value") return words.fail_value("part of the answer", part, kExpected);
    AnswerRule& rule = action.answers.emplace_back();
    rule.value = part == "value";
    by_name = by_name || !rule.value;
    rule.from = words.regex("FROM");
    const std::string_view to = words.word("TO");
    if (words.failed()) return;
    check_groups(words, *rule.from, to);
    rule.to = fully_qualified(to);
  }
  if (action.automatic && by_name)
    words.fail("answer auto and answer name exclude each other, expected one of them");
}

void read_name(Words& words, Rule& rule) {
  NameAction action;
  rule.on = read_match(words, 1);
  if (!words.failed()) action.to = read_to(words, *rule.on);
  read_answers(words, action);
  // CoreDNS's exact rules always change the answer back.
  if (rule.on->kind == MatchKind::exact) action.automatic = true;
  rule.action = std::move(action);
}

dns::RRType read_type(Words& words, std::string_view what) {
  const std::string_view text = words.word(what);
  const auto type = dns::parse_rrtype(text);
  if (!type) words.fail_value(what, text, "a record type");
  return type.value_or(dns::RRType{});
}

bool is_one_of(dns::RRType type, std::initializer_list<dns::RRType> types) noexcept {
  return std::ranges::find(types, type) != types.end();
}

void read_types(Words& words, Rule& rule) {
  using enum dns::RRType;
  TypeAction action{.from = read_type(words, "FROM"), .to = read_type(words, "TO")};
  if (!words.failed() && is_one_of(action.to, {OPT, TKEY, TSIG, IXFR, AXFR})) {
    words.fail_value("TO", dns::to_string(action.to), "a type of data that can be asked for");
  }
  rule.action = action;
}

dns::RRClass read_class(Words& words, std::string_view what) {
  const std::string_view text = words.word(what);
  const auto cls = dns::parse_rrclass(text);
  if (!cls) words.fail_value(what, text, "IN, CH, HS or ANY");
  return cls.value_or(dns::RRClass::IN);
}

std::optional<std::uint32_t> seconds(std::string_view text) noexcept {
  std::uint32_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::min(value, kLongestTtl);
}

/// SECONDS, or a range of them whose ends may be open: 30-300, 30-, -300.
std::optional<TtlAction> parse_ttl(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    const auto value = seconds(text);
    if (!value) return std::nullopt;
    return TtlAction{.least = *value, .most = *value};
  }
  const std::string_view low = text.substr(0, dash);
  const std::string_view high = text.substr(dash + 1);
  if (low.empty() && high.empty()) return std::nullopt;
  const auto least = low.empty() ? 0U : seconds(low);
  const auto most = high.empty() ? kLongestTtl : seconds(high);
  if (!least || !most || *least > *most) return std::nullopt;
  return TtlAction{.least = *least, .most = *most};
}

void read_ttl(Words& words, Rule& rule) {
  rule.on = read_match(words, 1);
  const std::string_view text = words.word("SECONDS");
  const auto action = parse_ttl(text);
  if (!action)
    words.fail_value("SECONDS", text, "a number of seconds or a range such as 30-300, 30- or -300");
  rule.action = action.value_or(TtlAction{});
}

/// A name, or a number up to 23.
std::optional<dns::Rcode> parse_code(std::string_view text) noexcept {
  if (const auto number = seconds(text)) {
    return *number <= 23 ? std::optional(static_cast<dns::Rcode>(*number)) : std::nullopt;
  }
  return dns::parse_rcode(text);
}

dns::Rcode read_code(Words& words, std::string_view what) {
  const std::string_view text = words.word(what);
  const auto code = parse_code(text);
  if (!code) words.fail_value(what, text, "a response code such as NXDOMAIN, or its number up to 23");
  return code.value_or(dns::Rcode::SERVFAIL);
}

void read_rcode(Words& words, Rule& rule) {
  rule.on = read_match(words, 2);
  rule.action = RcodeAction{.from = read_code(words, "FROM"), .to = read_code(words, "TO")};
}

void read_cname(Words& words, Rule& rule) {
  CnameAction action;
  action.target.from = read_match(words, 1);
  if (!words.failed()) action.target.to = read_to(words, action.target.from);
  rule.action = std::move(action);
}

void read_field(Words& words, Rule& rule) {
  const std::string field = words.keyword("FIELD");
  if (field == "name") return read_name(words, rule);
  if (field == "type") return read_types(words, rule);
  if (field == "class") {
    rule.action = ClassAction{.from = read_class(words, "FROM"), .to = read_class(words, "TO")};
    return;
  }
  if (field == "ttl") return read_ttl(words, rule);
  if (field == "cname") return read_cname(words, rule);
  if (field == "rcode") return read_rcode(words, rule);
  if (field == "edns0") {
    rule.action = read_edns(words);
    return;
  }
  words.fail_value(
      "FIELD", field,
      field == "answer" ? "answer after a name rule" : "name, type, class, ttl, cname, rcode or edns0");
}

/// In a block there stand one rule and, after it, lines about its answer.
Result check_block(const corefile::Directive& line) {
  bool answers = false;
  for (const corefile::Directive& inner : line.block) {
    if (Result done = expect_no_block(inner, "rewrite: " + inner.name.text); !done) return done;
    const std::string_view word = inner.name.text;
    const bool rule_here = line.arguments.size() <= 1 && &inner == &line.block.front();
    if (rule_here && std::ranges::find(kFields, lower_case(word)) == std::end(kFields) && word != "answer" &&
        !(line.arguments.empty() && (word == "stop" || word == "continue"))) {
      return std::unexpected(unknown_option(line, inner, kFields));
    }
    if (!rule_here) {
      if (word != "answer" && !(answers && (word == "auto" || word == "name" || word == "value"))) {
        return std::unexpected(corefile::Diagnostic{
            inner.where(), "rewrite: " + std::string(word) +
                               ": is out of place, expected one rule and after it only answer lines"});
      }
      answers = true;
    }
  }
  return {};
}

}  // namespace

Result setup_rewrite(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  if (Result done = check_block(line); !done) return done;
  std::vector<const corefile::Token*> all;
  all.reserve(line.arguments.size());
  for (const corefile::Token& word : line.arguments) all.push_back(&word);
  for (const corefile::Directive& inner : line.block) {
    all.push_back(&inner.name);
    for (const corefile::Token& word : inner.arguments) all.push_back(&word);
  }
  Words words(std::move(all), line.where(), context);
  Rule rule;
  const std::string mode = lower_case(words.peek());
  if (mode == "continue" || mode == "stop") {
    words.word("mode");
    rule.stop = mode == "stop";
  }
  read_field(words, rule);
  if (Result done = words.finish(); !done) return done;
  block.rewrite.push_back(std::move(rule));
  return {};
}

}  // namespace nld::plugins
