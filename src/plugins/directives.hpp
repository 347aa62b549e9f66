// Every directive the program knows, in CoreDNS's chain order, and how each becomes configuration.
#pragma once

#include <expected>
#include <span>
#include <string_view>

#include "corefile/syntax.hpp"
#include "plugins/block.hpp"

namespace nld::plugins {

enum class Support : std::uint8_t {
  works,
  no_effect,  ///< accepted with one warning line, so that a migrating user's file still starts
  later,      ///< planned; refused today
  refused,    ///< CoreDNS has it, a node cache does not want it
  foreign,    ///< not part of CoreDNS, seen in users' files
};

struct SetupContext {
  const corefile::ServerBlock& syntax;
  const corefile::Surroundings& surroundings;
  corefile::Warnings& warnings;
};

using Setup = std::expected<void, corefile::Diagnostic> (*)(const corefile::Directive&, BlockConfig&,
                                                            SetupContext&);

struct DirectiveInfo {
  std::string_view name;
  Support support;
  std::string_view note;  ///< for no_effect, later, refused, foreign: what to do in its place
  Setup setup;            ///< null unless `works` (or `no_effect` with arguments worth checking)
};

std::span<const DirectiveInfo> directives() noexcept;
const DirectiveInfo* find_directive(std::string_view name) noexcept;

/// Syntax to validated configuration: keys, directives, and the rules across blocks (a zone served twice on
/// one address, no way to answer). `check` and `serve` both run this and nothing else.
std::expected<ServerConfig, corefile::Diagnostic> configure(const corefile::Syntax& syntax,
                                                            const corefile::Surroundings& surroundings);

}  // namespace nld::plugins
