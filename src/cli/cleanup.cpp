// `cleanup`: removes every rule and the interface, and says what it removed.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "agent/presence.hpp"
#include "cli/agent_flags.hpp"
#include "cli/command.hpp"
#include "net/link/local_link.hpp"
#include "net/node_rules.hpp"

namespace nld::cli {
namespace {

constexpr auto kCommandLimit = std::chrono::seconds(5);

int cleanup(const AgentFlags& flags) {
  const auto options = to_options(flags);
  if (!options) {
    std::cerr << options.error() << '\n';
    return kUsage;
  }
  if (!agent::agents_of(options->interface).empty()) {
    std::cerr << "an agent of interface "
              << options->interface << " is running and would put everything back: stop it first\n";
    return kFailure;
  }
  bool good = true;
  net::SystemCommands commands(kCommandLimit);
  net::NodeRules rules(options->rules, commands);
  const net::RulesOutcome outcome = rules.remove();
  for (const net::Repair& removed : outcome.repairs) {
    std::cout << "removed " << net::describe(removed) << '\n';
  }
  if (outcome.failure) {
    std::cerr << "rules: " << outcome.failure->what << '\n';
    good = false;
  }
  net::LocalLink link(options->interface, options->rules.addresses);
  const auto gone = link.remove();
  if (!gone) {
    std::cerr << "interface " << options->interface << ": " << gone.error() << '\n';
    good = false;
  } else if (*gone) {
    std::cout << "removed interface " << options->interface << '\n';
  }
  if (good && outcome.repairs.empty() && !*gone) std::cout << "nothing to remove\n";
  return good ? kSuccess : kFailure;
}

}  // namespace

void add_cleanup(CLI::App& program, int& exit_code) {
  auto flags = std::make_shared<AgentFlags>();
  CLI::App* command = program.add_subcommand(
      "cleanup", "Remove every rule, chain and table of ours and the interface, and say what was removed.");
  add_corefile_flags(*command, flags->corefile);
  add_network_flags(*command, *flags);
  command->footer("Pods that ask the local address have no DNS after that: configure the kubelet first.");
  command->callback([flags, &exit_code] { exit_code = cleanup(*flags); });
}

}  // namespace nld::cli
