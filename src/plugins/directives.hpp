// Every directive the program knows, in CoreDNS's chain order, and how each becomes configuration.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "corefile/syntax.hpp"
#include "plugins/block.hpp"

namespace nld::plugins {

enum class Support : std::uint8_t {
  works,
  no_effect,  ///< accepted with one warning a line: a cache on a node does not need it
  refused,    ///< CoreDNS has it, a node cache does not want it
  foreign,    ///< not part of CoreDNS, seen in users' files
};
/// As docs/compatibility.md writes it: "works", "no effect", "not yet", "refused", "foreign".
std::string_view describe(Support support) noexcept;

struct SetupContext {
  const corefile::ServerBlock& syntax;
  const corefile::Surroundings& surroundings;
  corefile::Warnings& warnings;
  std::vector<std::filesystem::path>& files;  ///< every file a directive read: reload watches them
};

using Result = std::expected<void, corefile::Diagnostic>;
/// Reads one line into `block`, whose zones are known already.
using Setup = Result (*)(const corefile::Directive& line, BlockConfig& block, SetupContext& context);

struct DirectiveInfo {
  std::string_view name;
  Support support = Support::works;
  std::string_view note{};  ///< for all but `works`: why, and what to do in its place
  Setup setup = nullptr;    ///< null: nothing is checked
  bool once = false;        ///< a second line in one server block is an error
  /// A plugin of the chain, by CoreDNS's count: those stand in coredns_plugin_enabled.
  bool handler = false;
  bool answers = false;  ///< can be the end of the chain
};

/// In CoreDNS's chain order; foreign ones last.
std::span<const DirectiveInfo> directives() noexcept;
const DirectiveInfo* find_directive(std::string_view name) noexcept;

/// Syntax to validated configuration: keys, directives, and the rules across blocks (a zone served twice on
/// one address, no way to answer). `check` and `serve` both run this and nothing else. Keys without a port
/// get `default_port` (the flag -dns.port). `digest` is left empty: the caller has the text.
std::expected<ServerConfig, corefile::Diagnostic> configure(const corefile::Syntax& syntax,
                                                            const corefile::Surroundings& surroundings,
                                                            std::uint16_t default_port = 53);

}  // namespace nld::plugins
