// rewrite [continue|stop] FIELD FROM TO, in one line or in a block: checking it.
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "dns/types.hpp"
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr std::array<std::string_view, 5> kMatchTypes = {"exact", "prefix", "suffix", "substring", "regex"};
constexpr std::string_view kFields[] = {"name", "type", "class", "ttl", "cname", "rcode", "edns0", "answer"};

/// [MATCH TYPE] FROM: the match type may be left out only where nothing but `after` words follow FROM.
void read_match(Arguments& arguments, std::size_t after) {
  std::string_view match = "exact";
  if (arguments.left() > after + 1) {
    match = arguments.word("match type");
    if (std::ranges::find(kMatchTypes, match) == kMatchTypes.end()) {
      arguments.fail_value("match type", match, "exact, prefix, suffix, substring or regex");
    }
  }
  const std::string from(arguments.word("FROM"));
  if (arguments.failed() || match != "regex") return;
  const re2::RE2 regex(from, re2::RE2::Quiet);
  if (!regex.ok()) arguments.fail_value("FROM", from, "a regular expression (" + regex.error() + ")");
}

/// answer (auto | name FROM TO | value FROM TO)
void read_answer(Arguments& arguments) {
  static constexpr std::string_view kParts[] = {"auto", "name", "value"};
  if (arguments.choice("part of the answer", kParts) == 0) return;
  arguments.word("FROM");
  arguments.word("TO");
}

void read_name(Arguments& arguments) {
  read_match(arguments, 1);
  arguments.word("TO");
  static constexpr std::string_view kAnswer[] = {"answer"};
  while (arguments.more()) {
    arguments.choice("word after TO", kAnswer);
    read_answer(arguments);
  }
}

void read_two(Arguments& arguments, bool (*known)(std::string_view), std::string_view expected) {
  for (const std::string_view what : {"FROM", "TO"}) {
    const std::string_view text = arguments.word(what);
    if (!arguments.failed() && !known(text)) arguments.fail_value(what, text, expected);
  }
}

void read_edns0(Arguments& arguments) {
  static constexpr std::string_view kKinds[] = {"local", "nsid", "subnet"};
  static constexpr std::string_view kActions[] = {"set", "append", "replace", "unset"};
  arguments.choice("EDNS0 option", kKinds);
  arguments.choice("action", kActions);
  while (arguments.more()) arguments.word("value");
}

void read_field(Arguments& arguments, std::string_view field) {
  if (field == "name") {
    read_name(arguments);
  } else if (field == "type") {
    read_two(
        arguments, [](std::string_view text) { return dns::parse_rrtype(text).has_value(); },
        "a record type");
  } else if (field == "class") {
    read_two(
        arguments, [](std::string_view text) { return dns::parse_rrclass(text).has_value(); },
        "IN, CH, HS or ANY");
  } else if (field == "ttl") {
    read_match(arguments, 1);
    arguments.word("SECONDS");
  } else if (field == "cname") {
    read_match(arguments, 1);
    arguments.word("TO");
  } else if (field == "rcode") {
    read_match(arguments, 2);
    arguments.word("FROM");
    arguments.word("TO");
  } else if (field == "edns0") {
    read_edns0(arguments);
  } else {
    read_answer(arguments);
  }
}

Result check_lines(const corefile::Directive& line, SetupContext& context) {
  bool first = true;
  for (const corefile::Directive& rule : line.block) {
    const std::string_view field = rule.name.text;
    if (std::ranges::find(kFields, field) == std::end(kFields)) {
      return std::unexpected(unknown_option(line, rule, kFields));
    }
    Arguments arguments(rule, "rewrite: " + rule.name.text, context);
    if (first == (field == "answer")) {
      arguments.fail("is out of place, expected one rule and after it only answer lines");
    }
    read_field(arguments, field);
    if (Result done = arguments.finish(); !done) return done;
    if (Result done = expect_no_block(rule, "rewrite: " + rule.name.text); !done) return done;
    first = false;
  }
  return {};
}

}  // namespace

Result check_rewrite(const corefile::Directive& line, BlockConfig&, SetupContext& context) {
  Arguments arguments(line, "rewrite", context);
  if (arguments.peek() == "continue" || arguments.peek() == "stop") arguments.word("mode");
  if (!arguments.more() && !line.block.empty()) return check_lines(line, context);
  const std::string_view field = arguments.word("FIELD");
  if (std::ranges::find(kFields, field) == std::end(kFields) || field == "answer") {
    arguments.fail_value("FIELD", field, "name, type, class, ttl, cname, rcode or edns0");
  }
  read_field(arguments, field);
  if (Result done = arguments.finish(); !done) return done;
  // `rewrite name regex A B { answer name C D }` is the same rule over several lines.
  for (const corefile::Directive& rule : line.block) {
    if (rule.name.text != "answer") return std::unexpected(unknown_option(line, rule, {&kFields[7], 1}));
    Arguments answer(rule, "rewrite: answer", context);
    read_answer(answer);
    if (Result done = answer.finish(); !done) return done;
  }
  return {};
}

}  // namespace nld::plugins
