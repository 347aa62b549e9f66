// The Corefile language: no input hurts the parser, and what it prints it reads back the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "corefile/duration.hpp"
#include "corefile/format.hpp"
#include "corefile/syntax.hpp"
#include "corefile/zone.hpp"

namespace {

using nld::corefile::Directive;
using nld::corefile::Surroundings;
using nld::corefile::Token;

void require(bool condition) {
  if (!condition) std::abort();
}

std::optional<std::string> environment(std::string_view name) {
  if (name == "A") return "10.0.0.1";
  if (name == "B") return "a  b\t{$A}";
  if (name == "C") return "{";
  if (name == "D") return "import";
  if (name == "E") return "x{$E}";
  return std::nullopt;
}

std::expected<std::string, std::string> read_file(const std::filesystem::path& path) {
  if (path == "f") return "errors\ncache 30 {\n prefetch 1\n}\n";
  if (path == "g") return "import f\n.:53 {\n}\n";
  if (path == "h") return "\nimport h";
  if (path == "u") return "} {$C} { \"";
  return std::unexpected("No such file or directory");
}

std::vector<std::filesystem::path> glob(const std::string& pattern) {
  if (pattern == "*") return {"f", "g"};
  return {};
}

/// Has an odd run of backslashes before a '"' or at its end: quotes cannot hold that.
bool beyond_quotes(const Token& token) {
  std::size_t backslashes = 0;
  for (const char octet : token.text) {
    if (octet == '"' && backslashes % 2 == 1) return true;
    backslashes = octet == '\\' ? backslashes + 1 : 0;
  }
  return backslashes % 2 == 1;
}

bool any_beyond_quotes(const std::vector<Directive>& directives) {
  return std::ranges::any_of(directives, [](const Directive& directive) {
    return beyond_quotes(directive.name) || std::ranges::any_of(directive.arguments, beyond_quotes) ||
           any_beyond_quotes(directive.block);
  });
}

/// format() promises nothing for such texts when an environment reference made them.
bool may_be_unprintable(std::string_view text, const nld::corefile::Syntax& syntax) {
  if (text.find("{$") == std::string_view::npos && text.find("{%") == std::string_view::npos) return false;
  return std::ranges::any_of(syntax.blocks, [](const nld::corefile::ServerBlock& block) {
    return std::ranges::any_of(block.keys, beyond_quotes) || any_beyond_quotes(block.directives);
  });
}

/// What the directives' set-up does with arguments.
void read_values(const std::vector<Directive>& directives) {
  for (const Directive& directive : directives) {
    for (const Token& argument : directive.arguments) {
      if (const auto value = nld::corefile::parse_duration(argument.text)) {
        const auto again = nld::corefile::parse_duration(nld::corefile::to_go_string(*value));
        require(again == value);
      }
      (void)nld::corefile::parse_zone(argument.text);
    }
    read_values(directive.block);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Surroundings surroundings{.environment = environment, .read_file = read_file, .glob = glob};
  const auto syntax = nld::corefile::parse(text, "Corefile", surroundings);
  if (!syntax) {
    require(!syntax.error().message.empty() && syntax.error().where.line > 0);
    return 0;
  }
  if (may_be_unprintable(text, *syntax)) return 0;
  const auto printed = nld::corefile::format(*syntax);
  const auto again = nld::corefile::parse(printed, "Corefile", surroundings);
  require(again.has_value());
  require(nld::corefile::same_meaning(*syntax, *again));
  require(nld::corefile::format(*again) == printed);
  for (const auto& block : syntax->blocks) {
    for (const Token& key : block.keys) {
      if (const auto spec = nld::corefile::parse_zone_key(key.text)) require(!spec->zones.empty());
    }
    read_values(block.directives);
  }
  return 0;
}
