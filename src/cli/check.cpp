// `check`: says whether `serve` would take a Corefile.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "corefile/format.hpp"
#include "plugins/bind/interfaces.hpp"

namespace nld::cli {
namespace {

struct CheckFlags {
  server::CorefileOptions corefile;
  bool print = false;
};

int check(const CheckFlags& flags) {
  server::CorefileSource source(flags.corefile, plugins::real_surroundings_with_interfaces());
  const auto loaded = source.load();
  if (!loaded) {
    std::cerr << loaded.error() << '\n';
    return kFailure;
  }
  for (const std::string& note : loaded->notes) std::cerr << "warning: " << note << '\n';
  for (const auto& warning : loaded->config.warnings) std::cerr << "warning: " << warning.to_string() << '\n';
  if (flags.print) std::cout << corefile::format(loaded->syntax);
  return kSuccess;
}

}  // namespace

void add_check(CLI::App& program, int& exit_code) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command =
      program.add_subcommand("check", "Check a Corefile or template: exit 0 when `serve` would take it.");
  add_corefile_flags(*command, flags->corefile);
  command->add_flag("--print", flags->print,
                    "Print the effective configuration: placeholders, imports and environment resolved.");
  command->footer("Errors go to standard error as FILE:LINE: MESSAGE; exit 1.");
  command->callback([flags, &exit_code] { exit_code = check(*flags); });
}

}  // namespace nld::cli
