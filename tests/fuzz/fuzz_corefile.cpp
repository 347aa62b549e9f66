// The Corefile language: no input hurts the parser, and what it prints it reads back the same.
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
