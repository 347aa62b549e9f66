// The flags of `run`, read as the program reads them.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <expected>
#include <string>
#include <vector>

#include "cli/agent_flags.hpp"
#include "cli/command.hpp"

namespace nld::cli {

/// Throws CLI::ParseError for what CLI11 refuses; the error is what `to_options` refuses.
inline std::expected<agent::AgentOptions, std::string> parse_run(const std::vector<std::string>& words) {
  AgentFlags flags;
  CLI::App command;
  add_run_flags(command, flags);
  std::vector<const char*> all{"run"};
  for (const std::string& word : words) all.push_back(word.c_str());
  std::vector<std::string> arguments = two_dashes(static_cast<int>(all.size()), all.data());
  std::ranges::reverse(arguments);
  command.parse(arguments);
  return to_options(flags);
}

}  // namespace nld::cli
