// The commands of the program, one file each.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "server/corefile_source.hpp"

namespace nld::cli {

/// Exit codes of every command.
constexpr int kSuccess = 0;
constexpr int kFailure = 1;
constexpr int kUsage = 2;

/// Adds itself to the program; `exit_code` is set when the command has run.
void add_run(CLI::App& program, int& exit_code);
void add_serve(CLI::App& program, int& exit_code);
void add_check(CLI::App& program, int& exit_code);
void add_status(CLI::App& program, int& exit_code);
void add_probe(CLI::App& program, int& exit_code);
void add_rules(CLI::App& program, int& exit_code);
void add_cleanup(CLI::App& program, int& exit_code);

/// The flags that name the configuration, the same for every command that reads one.
void add_corefile_flags(CLI::App& command, server::CorefileOptions& options);
/// The same flags as words of a command line, for a `serve` of our own.
std::vector<std::string> to_arguments(const server::CorefileOptions& options);

/// The argument vector with node-cache's one-dash flags ("-localip") as two-dash ones, which is what Go's
/// flag package makes equal and CLI11 does not.
std::vector<std::string> two_dashes(int count, const char* const* arguments);

std::string version_line();
std::string version_number();

/// Parses and runs; the process's exit code.
int run(int count, const char* const* arguments);

}  // namespace nld::cli
