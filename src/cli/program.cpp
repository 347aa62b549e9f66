// Picks the command.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command.hpp"
#include "plugins/directives.hpp"

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

namespace {

/// node-cache has no commands: flags alone mean `run`, so that a DaemonSet changes only its image.
std::vector<std::string> with_command(std::vector<std::string> words) {
  const bool of_program = !words.empty() && (words[0] == "--help" || words[0] == "-h" ||
                                             words[0] == "--version" || words[0] == "--plugins");
  const bool named = !words.empty() && (!words[0].starts_with('-'));
  // Go's flags stand in any order, and these two win over all others.
  for (const char* question : {"--version", "--plugins"}) {
    if (!named && std::ranges::find(words, question) != words.end()) return {question};
  }
  if (!of_program && !named) words.insert(words.begin(), "run");
  return words;
}

}  // namespace

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
  program.require_subcommand(0, 1);
  bool list_plugins = false;
  program.add_flag("--plugins", list_plugins, "List the directives of a Corefile that work, and exit.");
  add_run(program, exit_code);
  add_serve(program, exit_code);
  add_check(program, exit_code);
  add_status(program, exit_code);
  add_probe(program, exit_code);
  add_rules(program, exit_code);
  add_cleanup(program, exit_code);
  std::vector<std::string> words = with_command(two_dashes(count, arguments));
  std::ranges::reverse(words);  // CLI11 takes them from the back
  try {
    program.parse(words);
  } catch (const CLI::ParseError& error) {
    const int code = program.exit(error);
    return code == 0 ? kSuccess : kUsage;
  }
  if (list_plugins) {
    for (const plugins::DirectiveInfo& directive : plugins::directives()) {
      if (directive.support == plugins::Support::works) std::cout << directive.name << '\n';
    }
  }
  return exit_code;
}

}  // namespace nld::cli
