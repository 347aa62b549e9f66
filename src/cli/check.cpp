// `check`: says whether `serve` would take a Corefile.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/node_cache_files.hpp"
#include "cli/piped_file.hpp"
#include "corefile/format.hpp"
#include "plugins/bind/interfaces.hpp"

namespace nld::cli {
namespace {

struct CheckFlags {
  server::CorefileOptions corefile;
  bool print = false;
};

/// True: `serve` would take it.
bool check_one(const server::CorefileOptions& options, bool print) {
  corefile::Surroundings surroundings = plugins::real_surroundings_with_interfaces();
  for (const auto& path : {options.conf, options.base}) {
    if (is_piped(path)) surroundings = with_piped_file(std::move(surroundings), path);
  }
  server::CorefileSource source(options, std::move(surroundings));
  const auto loaded = source.load();
  if (!loaded) {
    std::cerr << loaded.error() << '\n';
    return false;
  }
  for (const std::string& note : loaded->notes) std::cerr << "warning: " << note << '\n';
  for (const auto& warning : loaded->config.warnings) std::cerr << "warning: " << warning.to_string() << '\n';
  if (print) std::cout << corefile::format(loaded->syntax);
  return true;
}

int check(const CheckFlags& flags) {
  server::CorefileOptions named = flags.corefile;
  for (auto* path : {&named.conf, &named.base}) {
    if (*path == "-") *path = "/dev/stdin";
  }
  server::CorefileOptions used = named;
  std::error_code ignored;
  if (!is_piped(named.conf)) find_node_cache_files(used);
  bool good = true;
  if (used.base != named.base) {
    std::cerr << "note: `run` with these flags reads the template " << used.base.string()
              << (named.conf.empty() ? "" : ", not " + named.conf.string()) << '\n';
    // Nobody must be told that all is well with a file that was not looked at.
    if (std::filesystem::exists(named.conf, ignored)) good = check_one(named, false);
  }
  return check_one(used, flags.print) && good ? kSuccess : kFailure;
}

}  // namespace

void add_check(CLI::App& program, int& exit_code) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command =
      program.add_subcommand("check", "Check a Corefile or template: exit 0 when `serve` would take it.");
  add_corefile_flags(*command, flags->corefile);
  command->add_option("file", flags->corefile.conf, "The same as --conf; -: standard input.");
  command->add_flag("--print", flags->print,
                    "Print the effective configuration: placeholders, imports and environment resolved.");
  command->footer(
      "Errors go to standard error as FILE:LINE: MESSAGE; exit 1. Here, and only here, FILE may be a pipe, "
      "and - is "
      "standard\ninput: kubectl get configmap … | node-local-dns check -");
  command->callback([flags, &exit_code] { exit_code = check(*flags); });
}

}  // namespace nld::cli
