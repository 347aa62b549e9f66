// From the syntax tree to validated configuration, block by block and then across blocks.
#include <algorithm>
#include <string>
#include <vector>

#include "corefile/zone.hpp"
#include "plugins/directives.hpp"
#include "plugins/overlap.hpp"
#include "plugins/suggestion.hpp"

namespace nld::plugins {
namespace {

using corefile::Diagnostic;
using corefile::Directive;

constexpr std::uint16_t kTlsPort = 853;  // RFC 7858 §3.1

std::string names_that(bool (*take)(const DirectiveInfo&)) {
  std::string out;
  for (const DirectiveInfo& info : directives()) {
    if (!take(info)) continue;
    if (!out.empty()) out += ", ";
    out += info.name;
  }
  return out;
}

Diagnostic unknown_directive(const Directive& line) {
  std::vector<std::string_view> known;
  for (const DirectiveInfo& info : directives()) known.push_back(info.name);
  std::string message = "unknown directive '" + line.name.text + "'";
  if (const auto meant = nearest(line.name.text, known)) {
    message += ", did you mean '" + std::string(*meant) + "'";
  }
  message += ", expected one of " +
             names_that([](const DirectiveInfo& info) { return info.support == Support::works; });
  return {line.where(), message};
}

/// Why the program does not start with a directive it knows; none when it may stand there.
std::optional<Diagnostic> refusal(const Directive& line, const DirectiveInfo& info) {
  const std::string note(info.note);
  switch (info.support) {
    case Support::refused:
      return Diagnostic{line.where(), line.name.text + ": not a part of this node cache; " + note};
    case Support::foreign:
      return Diagnostic{line.where(), line.name.text + ": not a directive of CoreDNS; " + note};
    default:
      return std::nullopt;
  }
}

Result read_key(const corefile::Token& key, std::uint16_t default_port, BlockConfig& block) {
  const auto wrong = [&](const std::string& message) {
    return std::unexpected(Diagnostic{key.where, "server block: " + message});
  };
  // The lexer does not split "zone{"; CoreDNS would serve a zone of that name and nobody would notice.
  if (key.text.find_first_of("{}") != std::string::npos) {
    return wrong("a brace is part of the zone '" + key.text + "', expected a blank before '{'");
  }
  const auto spec = corefile::parse_zone_key(key.text);
  if (!spec) return wrong(spec.error());
  const bool over_tls = spec->scheme == "tls";
  if (!over_tls && !spec->scheme.empty() && spec->scheme != "dns") {
    return wrong(spec->scheme + ":// is not served in '" + key.text + "', expected tls://, dns:// or none");
  }
  for (const dns::Name& name : spec->zones) {
    const dns::Name zone = name.lowered();
    block.zones.push_back({.zone = zone,
                           .label = zone.to_text(),
                           .port = spec->port.value_or(over_tls ? kTlsPort : default_port),
                           .scheme = over_tls ? Scheme::tls : Scheme::dns});
  }
  return {};
}

/// Names of the plugins in effect, in chain order.
std::vector<std::string> plugins_in_use(const corefile::ServerBlock& syntax) {
  std::vector<std::string> out;
  for (const DirectiveInfo& info : directives()) {
    const bool used = std::ranges::any_of(syntax.directives,
                                          [&](const Directive& line) { return line.name.text == info.name; });
    if (used && info.handler) out.emplace_back(info.name);
  }
  return out;
}

Result read_directive(const Directive& line, BlockConfig& block, SetupContext& context) {
  const DirectiveInfo* info = find_directive(line.name.text);
  if (info == nullptr) return std::unexpected(unknown_directive(line));
  if (auto refused = refusal(line, *info)) return std::unexpected(*std::move(refused));
  if (info->once) {
    const auto first = std::ranges::find_if(
        context.syntax.directives, [&](const Directive& earlier) { return earlier.name.text == info->name; });
    if (&*first != &line) {
      return std::unexpected(Diagnostic{line.where(), line.name.text + ": already given on line " +
                                                          std::to_string(first->where().line) +
                                                          ", expected once in a server block"});
    }
  }
  if (info->setup != nullptr) {
    if (Result done = info->setup(line, block, context); !done) return done;
  }
  if (info->support == Support::no_effect) {
    context.warnings.push_back(
        {line.where(), line.name.text + ": accepted without effect: " + std::string(info->note)});
  }
  return {};
}

void warn_of_silence(const BlockConfig& block, SetupContext& context) {
  const auto answers = [](const DirectiveInfo& info) {
    return info.answers && info.support == Support::works;
  };
  for (const Directive& line : context.syntax.directives) {
    if (const DirectiveInfo* info = find_directive(line.name.text); info != nullptr && answers(*info)) return;
  }
  context.warnings.push_back(
      {block.where,
       "server block: nothing in it answers, so every query gets SERVFAIL; expected " + names_that(answers)});
}

Result read_block(const corefile::ServerBlock& syntax, std::uint16_t default_port, BlockConfig& block,
                  SetupContext& context) {
  block.where = syntax.keys.front().where;
  for (const corefile::Token& key : syntax.keys) {
    if (Result done = read_key(key, default_port, block); !done) return done;
  }
  for (const Directive& line : syntax.directives) {
    if (Result done = read_directive(line, block, context); !done) return done;
  }
  if (!block.tls &&
      std::ranges::any_of(block.zones, [](const ZoneKey& zone) { return zone.scheme == Scheme::tls; })) {
    return std::unexpected(Diagnostic{
        block.where, "server block: tls:// needs a certificate, expected a line 'tls CERT KEY' in it"});
  }
  block.directives = plugins_in_use(syntax);
  warn_of_silence(block, context);
  return {};
}

}  // namespace

std::expected<ServerConfig, Diagnostic> configure(const corefile::Syntax& syntax,
                                                  const corefile::Surroundings& surroundings,
                                                  std::uint16_t default_port) {
  ServerConfig out;
  for (const corefile::ServerBlock& block : syntax.blocks) {
    if (block.keys.empty()) continue;  // the parser makes none
    SetupContext context{block, surroundings, out.warnings, out.files};
    Result done = read_block(block, default_port, out.blocks.emplace_back(), context);
    if (!done) return std::unexpected(std::move(done).error());
  }
  if (out.blocks.empty()) {
    const std::string file = syntax.files.empty() ? "Corefile" : syntax.files.front().string();
    return std::unexpected(Diagnostic{{file, 1}, "no server block, expected one such as '.:53 { … }'"});
  }
  if (Result done = check_overlap(out.blocks); !done) return std::unexpected(std::move(done).error());
  std::ranges::sort(out.files);
  const auto [first, last] = std::ranges::unique(out.files);
  out.files.erase(first, last);
  return out;
}

}  // namespace nld::plugins
