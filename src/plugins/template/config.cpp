// template CLASS TYPE [ZONE...] { … }: reading it.
#include <algorithm>

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"
#include "plugins/template/data.hpp"

namespace nld::plugins {
namespace {

/// CoreDNS's limit; longer ones take too much to compile.
constexpr std::size_t kMaxRegex = 10'000;
constexpr std::size_t kMaxReason = 255;

void read_match(Arguments& arguments, TemplateRule& rule) {
  do {
    const std::string expression(arguments.word("REGEX"));
    if (arguments.failed()) return;
    if (expression.size() > kMaxRegex) {
      return arguments.fail("REGEX is longer than " + std::to_string(kMaxRegex) + " characters");
    }
    TemplateRule::Pattern pattern{std::make_unique<const re2::RE2>(expression, re2::RE2::Quiet), {}};
    if (!pattern.regex->ok()) {
      return arguments.fail_value("REGEX", expression,
                                  "a regular expression (" + pattern.regex->error() + ")");
    }
    pattern.groups.resize(static_cast<std::size_t>(pattern.regex->NumberOfCapturingGroups()) + 1);
    for (const auto& [number, name] : pattern.regex->CapturingGroupNames()) {
      pattern.groups[static_cast<std::size_t>(number)] = name;
    }
    rule.patterns.push_back(std::move(pattern));
  } while (arguments.more());
}

template <dns::Section kSection>
void read_records(Arguments& arguments, TemplateRule& rule) {
  do {
    const std::string source(arguments.word("RR"));
    if (arguments.failed()) return;
    auto text = go_template::Template::parse(source, template_fields());
    if (!text) {
      return arguments.fail("RR '" + source + "' is wrong at character " + std::to_string(text.error().at) +
                            ": " + text.error().message);
    }
    const auto reads = [&](const char* field) { return text->uses().contains(field); };
    rule.uses_groups = rule.uses_groups || reads("Match") || reads("Group") || reads(".");
    // A message has its sections in order, whatever the order of the lines.
    const auto place = std::ranges::upper_bound(rule.records, kSection, {}, &TemplateRecord::section);
    rule.records.insert(place, {kSection, source, *std::move(text), std::nullopt});
  } while (arguments.more());
}

void read_rcode(Arguments& arguments, TemplateRule& rule) {
  const std::string_view text = arguments.word("CODE");
  if (arguments.failed()) return;
  const auto rcode = dns::parse_rcode(text);
  if (!rcode) return arguments.fail_value("CODE", text, "a response code such as NXDOMAIN");
  rule.rcode = *rcode;
}

void read_extended_error(Arguments& arguments, TemplateRule& rule) {
  rule.extended_error = static_cast<dns::ExtendedError>(arguments.number("EXTENDED_ERROR_CODE", 0, 65535));
  if (!arguments.more()) return;
  rule.extended_error_text = arguments.word("EXTRA_REASON");
  if (rule.extended_error_text.size() > kMaxReason) {
    arguments.fail("EXTRA_REASON is longer than " + std::to_string(kMaxReason) + " octets");
  }
}

void read_fallthrough(Arguments& arguments, TemplateRule& rule) {
  rule.fallthrough = arguments.zones("ZONES");
  if (rule.fallthrough.empty()) rule.fallthrough.emplace_back();
}

constexpr Option<TemplateRule> kTemplateOptions[] = {
    {"match", read_match},
    {"answer", read_records<dns::Section::answer>},
    {"additional", read_records<dns::Section::additional>},
    {"authority", read_records<dns::Section::authority>},
    {"rcode", read_rcode},
    {"ederror", read_extended_error},
    {"fallthrough", read_fallthrough},
    {"upstream",
     [](Arguments& arguments, TemplateRule&) {
       while (arguments.more()) arguments.word("ADDRESS");  // CNAMEs are followed without it, as by CoreDNS
     }},
};

/// Makes the records that no query changes; one that is wrong would be wrong for every query.
void make_constants(TemplateRule& rule, Arguments& arguments) {
  const ConstantData data(rule);
  for (TemplateRecord& record : rule.records) {
    if (!data.suffices(record.text)) continue;
    const auto text = record.text.evaluate(data);
    auto made = text ? parse_record(*text) : std::unexpected(text.error());
    if (!made) return arguments.fail("RR '" + record.source + "' is wrong: " + made.error());
    record.constant = *std::move(made);
  }
}

}  // namespace

Result setup_template(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  auto rule = std::make_shared<TemplateRule>();
  Arguments arguments(line, "template", context);
  const std::string_view cls = arguments.word("CLASS");
  if (!arguments.failed()) {
    const auto parsed = dns::parse_rrclass(cls);
    if (!parsed) arguments.fail_value("CLASS", cls, "IN, CH, HS or ANY");
    rule->cls = parsed.value_or(dns::RRClass::IN);
  }
  const std::string_view type = arguments.word("TYPE");
  if (!arguments.failed()) {
    const auto parsed = dns::parse_rrtype(type);
    if (!parsed) arguments.fail_value("TYPE", type, "a record type such as A, AAAA or ANY");
    rule->type = parsed.value_or(dns::RRType::ANY);
  }
  rule->zones = arguments.zones("ZONE");
  if (Result done = arguments.finish(); !done) return done;
  if (rule->zones.empty()) {
    for (const ZoneKey& key : block.zones) rule->zones.push_back(key.zone);
  }
  if (Result done = read_options(line, kTemplateOptions, *rule, context); !done) return done;
  make_constants(*rule, arguments);
  if (Result done = arguments.finish(); !done) return done;
  block.templates.push_back(std::move(rule));
  return {};
}

}  // namespace nld::plugins
