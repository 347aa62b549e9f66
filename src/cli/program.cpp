// Picks the command.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command.hpp"

namespace nld::cli {

std::vector<std::string> two_dashes(int count, const char* const* arguments) {
  std::vector<std::string> all;
  bool flags = true;
  for (int at = 1; at < count; ++at) {
    std::string argument = arguments[at];
    flags = flags && argument != "--";
    const bool one_dash = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
    const bool number = one_dash && (argument[1] == '.' || (argument[1] >= '0' && argument[1] <= '9'));
    if (flags && one_dash && !number) argument.insert(0, 1, '-');
    all.push_back(std::move(argument));
  }
  return all;
}

std::string version_number() {
  return NLD_VERSION;
}
std::string version_line() {
  return "node-local-dns " NLD_VERSION " (" NLD_REVISION ", gcc " __VERSION__ ")";
}

int run(int count, const char* const* arguments) {
  int exit_code = kSuccess;
  CLI::App program("The DNS cache of a Kubernetes node: a caching forwarder configured by a Corefile.",
                   "node-local-dns");
  program.set_version_flag("--version", version_line(), "Print the version and exit.");
  program.require_subcommand(1);
  add_serve(program, exit_code);
  add_check(program, exit_code);
  std::vector<std::string> words = two_dashes(count, arguments);
  std::ranges::reverse(words);  // CLI11 takes them from the back
  try {
    program.parse(words);
  } catch (const CLI::ParseError& error) {
    const int code = program.exit(error);
    return code == 0 ? kSuccess : kUsage;
  }
  return exit_code;
}

}  // namespace nld::cli
