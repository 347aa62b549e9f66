// Go's template language as answers use it: what it makes, what it refuses, where it stops.
#include "go_template/template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nld::go_template {
namespace {

using ::testing::HasSubstr;

class Inner final : public Object {
 public:
  [[nodiscard]] std::optional<Value> field(std::string_view name, std::span<const Value>) const override {
    if (name == "Qtype") return Value{std::uint64_t{28}};
    return std::nullopt;
  }
};

class Data final : public Object {
 public:
  [[nodiscard]] std::optional<Value> field(std::string_view name,
                                           std::span<const Value> arguments) const override {
    if (name == "Meta" && arguments.size() == 1) return Value{"<" + *arguments[0].get<std::string>() + ">"};
    if (!arguments.empty()) return std::nullopt;
    if (name == "Name") return Value{std::string("a.test.")};
    if (name == "Empty") return Value{std::string()};
    if (name == "Match") return make_list({Value{std::string("one")}, Value{std::string("two")}});
    if (name == "Group") return make_map({{"a", Value{std::string("7b")}}, {"b", Value{std::string("x")}}});
    if (name == "Question") return Value{static_cast<const Object*>(&inner_)};
    return std::nullopt;
  }

 private:
  Inner inner_;
};

constexpr std::string_view kFields[] = {"Name", "Empty", "Match", "Group", "Meta", "Question"};

/// What the template makes, or its error.
std::string made(std::string_view text) {
  const auto parsed = Template::parse(text, kFields);
  if (!parsed) return "parse: " + parsed.error().message + " @" + std::to_string(parsed.error().at);
  const Data data;
  auto result = parsed->evaluate(data);
  return result ? *result : "run: " + result.error();
}

TEST(GoTemplate, Makes) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", ""},
      {"plain { } text", "plain { } text"},
      {"{{ .Name }} 60 IN A", "a.test. 60 IN A"},
      {"{{.Name}}{{$.Name}}", "a.test.a.test."},
      {"a {{- .Name -}} \n b", "aa.test.b"},
      {"a {{/* no */}} b{{- /* no */ -}} c", "a  bc"},
      {"{{ index .Match 1 }} {{ index .Group \"a\" }} {{ .Group.a }}", "two 7b 7b"},
      {"{{ index .Group \"none\" }}|{{ .Group.none }}", "|<no value>"},
      {"{{ .Match }} {{ .Group }}", "[one two] map[a:7b b:x]"},
      {"{{ parseInt .Group.a 16 8 }}", "123"},
      {"{{ .Group.a | printf \"%s-%v\" .Name }}", "a.test.-7b"},
      {"{{ printf \"%03d|%x|%X|%-3s|%5s|%.1s|%q|%c|%t|%%|%b|%o|%+d\" 7 255 \"az\" \"a\" \"b\" \"cd\" \"e\" "
       "'f' true 5 8 9}}",
       "007|ff|617A|a  |    b|c|\"e\"|f|true|%|101|10|+9"},
      {"{{ if eq .Name \"a.test.\" }}yes{{ else }}no{{ end }}", "yes"},
      {"{{ if .Empty }}1{{ else if ne .Name \"x\" \n }}2{{ else }}3{{ end }}", "2"},
      {"{{ if and .Name (not .Empty) }}y{{ end }}{{ or .Empty \"z\" }}", "yz"},
      {"{{ if or true (index .Match 9) }}stops early{{ end }}", "stops early"},
      {"{{ range $i, $v := .Match }}{{ $i }}={{ $v }};{{ end }}", "0=one;1=two;"},
      {"{{ range .Match }}{{ . }}{{ $.Name }}{{ else }}none{{ end }}", "onea.test.twoa.test."},
      {"{{ range $k, $v := .Group }}{{ $k }}{{ $v }} {{ end }}", "a7b bx "},
      {"{{ range .Empty | len }}x{{ else }}none{{ end }}", "none"},
      {"{{ range $v := 5 }}{{ if eq $v 1 }}{{ continue }}{{ end }}{{ if ge $v 3 }}{{ break }}{{ end }}{{ $v "
       "}}{{ end }}",
       "02"},
      {"{{ with .Group.a }}{{ . }}{{ end }}{{ with .Empty }}{{ else }}e{{ end }}", "7be"},
      {"{{ with $x := index .Match 0 }}{{ $x }}{{ end }}", "one"},
      {"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}", "2"},
      {"{{ len .Match }}{{ len .Name }}{{ slice .Name 0 1 }}{{ slice .Match 1 }}", "27a[two]"},
      {"{{ lt 1 2 }}{{ le 2 2 }}{{ gt -1 0 }}{{ eq 3 4 5 3 }}{{ lt \"a\" \"b\" }}", "truetruefalsetruetrue"},
      {"{{ .Question.Qtype }} {{ if eq .Question.Qtype 28 }}AAAA{{ end }}", "28 AAAA"},
      {"{{ .Meta \"k/n\" }} {{ \"v\" | .Meta }}", "<k/n> <v>"},
      {"{{ `raw \"s\" {{` }}{{ \"\\x41\\u00e9\\n\\\"\" }}", "raw \"s\" {{A\xC3\xA9\n\""},
      {"{{ 0x10 }} {{ 0b11 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }} {{ 'a' }}", "16 3 15 15 1000 97"},
      {"{{ print 1 2 \"a\" 3 }}|{{ println \"a\" 1 }}", "1 2a3|a 1\n"},
      {"{{ (index .Match 0) }}{{ printf \"%s\" (slice (index .Match 1) 1) }}", "onewo"},
      {"{{ eq .Group.none \"\" }}", "false"},
  };
  for (const auto& [text, wanted] : kCases) EXPECT_EQ(made(text), wanted) << text;
}

TEST(GoTemplate, SaysWhatDoesNotParse) {
  const std::pair<const char*, const char*> kCases[] = {
      {"{{ .Nmae }}", "parse: there is no field '.Nmae', expected one of .Name, .Empty"},
      {"{{ $.Nmae }}", "parse: there is no field '.Nmae'"},
      {"ab {{ .Name", "parse: '{{' without '}}' @4"},
      {"{{ if .Name }}x", "parse: 'if' without 'end' @"},
      {"{{ end }}", "parse: 'end' without an action that it ends"},
      {"{{ if true }}{{ else }}{{ else }}{{ end }}", "parse: a second 'else'"},
      {"{{ upper .Name }}", "parse: there is no function 'upper', expected one of and, or, not, eq"},
      {"{{ $x }}", "parse: there is no variable '$x'"},
      {"{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", "parse: there is no variable '$x'"},
      {"{{ break }}", "parse: 'break' outside of a range"},
      {"{{ define \"x\" }}{{ end }}", "parse: 'define' is not supported"},
      {"{{ template \"x\" }}", "parse: 'template' is not supported"},
      {"{{ parseInt .Name }}", "parse: function 'parseInt' does not take 1 argument(s)"},
      {"{{ 1 2 }}", "parse: only functions and methods take arguments"},
      {"{{ \"a }}", "parse: '\"' without another one"},
      {"{{ \"\\q\" }}", "parse: a bad escape in a string"},
      {"{{ 1.5 }}", "parse: '1.5' is wrong, expected a whole number"},
      {"{{ ( .Name }}", "parse: '(' without ')'"},
      {"{{ .Name | }}", "parse: a value is missing"},
      {"{{ }}", "parse: a value is missing"},
      {"{{ ! }}", "parse: unexpected character @4"},
      {"{{/* x }}", "parse: '/*' without '*/'"},
      {"{{/* x */ y }}", "parse: something after a comment"},
  };
  for (const auto& [text, wanted] : kCases) EXPECT_THAT(made(text), HasSubstr(wanted)) << text;
  std::string deep;
  for (int level = 0; level < 60; ++level) deep += "{{ if true }}";
  EXPECT_THAT(made(deep), HasSubstr("too deeply nested"));
  EXPECT_THAT(made("{{ " + std::string(60, '(') + "1" + std::string(60, ')') + " }}"),
              HasSubstr("too deeply nested"));
}

TEST(GoTemplate, SaysWhatGoesWrong) {
  const std::pair<const char*, const char*> kCases[] = {
      {"{{ index .Match 2 }}", "run: index out of range"},
      {"{{ index .Match -1 }}", "run: index out of range"},
      {"{{ index .Match \"a\" }}", "run: cannot index with a string"},
      {"{{ parseInt .Name 10 8 }}", "run: parseInt: 'a.test.' is no number"},
      {"{{ parseInt \"256\" 10 8 }}", "run: parseInt: '256' is no number of that base and size"},
      {"{{ parseInt \"1\" 99 8 }}", "run: parseInt: a base from 2 to 36"},
      {"{{ eq .Name 1 }}", "run: cannot compare string with number"},
      {"{{ .Name.Field }}", "run: a string has no field '.Field'"},
      {"{{ .Question.Nope }}", "run: there is no field '.Nope'"},
      {"{{ .Question }}", "run: a struct cannot be printed"},
      {"{{ .Name 1 }}", "run: there is no field '.Name' that takes 1 argument(s)"},
      {"{{ range .Name }}{{ end }}", "run: cannot range over a string"},
      {"{{ printf \"%d\" .Name }}", "run: printf: %d is not for a string"},
      {"{{ printf \"%s\" }}", "run: printf: %s has no argument"},
      {"{{ printf \"x\" 1 }}", "run: printf has more arguments"},
      {"{{ printf \"%9999d\" 1 }}", "run: printf: %d is wider than"},
      {"{{ slice .Name 3 2 }}", "run: a slice that ends before it begins"},
      {"{{ eq .Name len }}", "run: function 'len' without its arguments"},
  };
  for (const auto& [text, wanted] : kCases) EXPECT_THAT(made(text), HasSubstr(wanted)) << text;
}

TEST(GoTemplate, StopsInTime) {
  EXPECT_THAT(made("{{ range 1000000000 }}{{ end }}"), HasSubstr("run: more than 10000 steps"));
  EXPECT_THAT(made("{{ range 5000 }}0123456789012345678901234567890{{ end }}"),
              HasSubstr("run: more than 65536 characters"));
  EXPECT_THAT(made("{{ $x := \"0123456789\" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}"),
              HasSubstr("run: a string longer than 65536"));
}

TEST(GoTemplate, KnowsWhatItUses) {
  const auto uses = [](std::string_view text) { return Template::parse(text, kFields)->uses(); };
  EXPECT_TRUE(uses("constant {{ 1 }}").empty());
  EXPECT_THAT(uses("{{ if .Name }}{{ index .Match 0 }}{{ end }}"), ::testing::ElementsAre("Match", "Name"));
  EXPECT_THAT(uses("{{ with .Group }}{{ .a }}{{ $.Name }}{{ end }}"),
              ::testing::ElementsAre("Group", "Name"));
  EXPECT_THAT(uses("{{ $x := . }}{{ $x.Name }}"), ::testing::ElementsAre("."));
}

}  // namespace
}  // namespace nld::go_template
