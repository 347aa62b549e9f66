// The fields of a query that templates may read.
#include "plugins/template/data.hpp"

#include <algorithm>
#include <array>

#include "plugins/metadata/metadata.hpp"

namespace nld::plugins {
namespace {

using go_template::List;
using go_template::Map;
using go_template::Value;
using Arguments = std::span<const Value>;

constexpr auto kFields = std::to_array<std::string_view>(
    {"Name", "Zone", "Class", "Type", "Match", "Group", "Regex", "Message", "Question", "Remote", "Meta"});

Value text(std::string_view of) {
  return {std::string(of)};
}

Value number(std::uint64_t of) {
  return {of};
}

}  // namespace

std::span<const std::string_view> template_fields() noexcept {
  return kFields;
}

std::string_view template_class(const dns::Query& query, const TemplateRule& rule) noexcept {
  return dns::mnemonic(query.cls == dns::RRClass::ANY ? rule.cls : query.cls);
}

std::string_view template_type(const dns::Query& query, const TemplateRule& rule) noexcept {
  return dns::mnemonic(query.type == dns::RRType::ANY ? rule.type : query.type);
}

std::optional<Value> QueryData::field(std::string_view name, Arguments arguments) const {
  const dns::Query& query = request_.query;
  if (name == "Meta") {
    const std::string* label = arguments.size() == 1 ? arguments[0].get<std::string>() : nullptr;
    if (label == nullptr) return std::nullopt;
    // No reply yet: only what is known at the beginning has a value, the others are "" as in CoreDNS.
    const std::string* value = published(*label, request_);
    return text(value == nullptr ? std::string_view() : *value);
  }
  if (!arguments.empty()) return std::nullopt;
  if (name == "Name") return text(match_.name);
  if (name == "Zone") return text(match_.zone.to_text());
  if (name == "Class") return text(template_class(query, match_.rule));
  if (name == "Type") return text(template_type(query, match_.rule));
  if (name == "Remote") return text(request_.client.ip_text());
  if (name == "Question") return Value{static_cast<const go_template::Object*>(&question_)};
  if (name == "Message") return Value{static_cast<const go_template::Object*>(&message_)};
  if (name == "Regex") return text(match_.pattern == nullptr ? ".*" : match_.pattern->regex->pattern());
  if (name == "Match") {
    List items;
    for (const std::string_view group : match_.groups) items.push_back(text(group));
    return go_template::make_list(std::move(items));
  }
  if (name != "Group") return std::nullopt;
  Map items;
  for (std::size_t at = 0; at < match_.groups.size(); ++at) {
    items[std::to_string(at)] = text(match_.groups[at]);
    if (match_.pattern != nullptr && !match_.pattern->groups[at].empty()) {
      items[match_.pattern->groups[at]] = text(match_.groups[at]);
    }
  }
  return go_template::make_map(std::move(items));
}

std::optional<Value> QueryData::Question::field(std::string_view name, Arguments arguments) const {
  if (!arguments.empty()) return std::nullopt;
  if (name == "Name") return text(dns::to_text(query_.name));
  if (name == "Qtype") return number(static_cast<std::uint16_t>(query_.type));
  if (name == "Qclass") return number(static_cast<std::uint16_t>(query_.cls));
  return std::nullopt;
}

std::optional<Value> QueryData::Message::field(std::string_view name, Arguments arguments) const {
  constexpr std::array<std::pair<std::string_view, std::uint16_t>, 7> kFlags{
      {{"Response", dns::flag::QR},
       {"Authoritative", dns::flag::AA},
       {"Truncated", dns::flag::TC},
       {"RecursionDesired", dns::flag::RD},
       {"RecursionAvailable", dns::flag::RA},
       {"AuthenticatedData", dns::flag::AD},
       {"CheckingDisabled", dns::flag::CD}}};
  if (!arguments.empty()) return std::nullopt;
  if (name == "Id") return number(query_.header.id);
  if (name == "Opcode") return number(static_cast<std::uint8_t>(query_.header.opcode()));
  if (name == "Rcode") return number(query_.header.flags & dns::flag::kRcodeMask);
  if (name == "Question") {
    return go_template::make_list({Value{static_cast<const go_template::Object*>(&question_)}});
  }
  const auto* flag = std::ranges::find(kFlags, name, &std::pair<std::string_view, std::uint16_t>::first);
  if (flag == kFlags.end()) return std::nullopt;
  return Value{query_.header.has(flag->second)};
}

bool ConstantData::suffices(const go_template::Template& text) const {
  return std::ranges::all_of(text.uses(),
                             [&](const std::string& name) { return field(name, {}).has_value(); });
}

std::optional<Value> ConstantData::field(std::string_view name, Arguments arguments) const {
  if (!arguments.empty()) return std::nullopt;
  if (name == "Zone" && rule_.zones.size() == 1) return text(rule_.zones.front().to_text());
  if (name == "Class" && rule_.cls != dns::RRClass::ANY) return text(dns::mnemonic(rule_.cls));
  if (name == "Type" && rule_.type != dns::RRType::ANY) return text(dns::mnemonic(rule_.type));
  return std::nullopt;
}

}  // namespace nld::plugins
