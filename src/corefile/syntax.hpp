// The syntax tree of a Corefile: what stands where, with imports, snippets and environment resolved.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "corefile/diagnostic.hpp"
#include "runtime/socket_address.hpp"

namespace nld::corefile {

struct Token {
  std::string text;
  Location where;
  bool quoted = false;
};

/// A line inside a block: a word, its arguments, and perhaps a block of further lines.
struct Directive {
  Token name;
  std::vector<Token> arguments;
  std::vector<Directive> block;
  bool has_block = false;  ///< `{ }` was written, even if empty

  [[nodiscard]] const Location& where() const noexcept { return name.where; }
};

struct ServerBlock {
  std::vector<Token> keys;  ///< as written: "cluster.local:53", "10.0.0.0/8", "dns://.:5300"
  std::vector<Directive> directives;
};

struct Syntax {
  std::vector<ServerBlock> blocks;
  std::vector<std::filesystem::path> files;  ///< read: the main file first, then each import once
  std::vector<std::string> globs;            ///< import patterns, absolute or relative to the working folder
};

/// Where the parser reads the world: passed in for tests.
struct Surroundings {
  std::function<std::optional<std::string>(std::string_view name)> environment;
  std::function<std::expected<std::string, std::string>(const std::filesystem::path&)> read_file;
  /// Paths a glob matches, sorted; none is no error.
  std::function<std::vector<std::filesystem::path>(const std::string& pattern)> glob;
  /// The addresses of a network interface, ports 0; none: no such interface, or it has none. Empty function:
  /// interface names are unknown. `plugins::real_surroundings_with_interfaces()` fills it.
  std::function<std::vector<runtime::SocketAddress>(std::string_view name)> interface_addresses{};
};
Surroundings real_surroundings();

/// Parses `text`, known to the user as `file`; relative imports are looked up beside it. Bounded, see
/// corefile/limits.hpp. The first error ends it.
std::expected<Syntax, Diagnostic> parse(std::string_view text, const std::string& file,
                                        const Surroundings& surroundings);

}  // namespace nld::corefile
