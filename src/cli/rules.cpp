// `rules`: prints what `run` would apply, and changes nothing.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/agent_flags.hpp"
#include "cli/command.hpp"
#include "net/node_rules.hpp"

namespace nld::cli {
namespace {

constexpr auto kCommandLimit = std::chrono::seconds(5);

int print_rules(const AgentFlags& flags) {
  const auto options = to_options(flags);
  if (!options) {
    std::cerr << options.error() << '\n';
    return kUsage;
  }
  net::SystemCommands commands(kCommandLimit);
  net::NodeRules rules(options->rules, commands);
  const net::RulesDecision& decision = rules.decide();
  for (const std::string& warning : decision.warnings) std::cerr << "warning: " << warning << '\n';
  const auto sets = rules.wanted();
  for (const net::RuleSet& set : sets) {
    const bool nft = !set.nft_table.empty();
    std::cout << "# " << net::to_string(set.family) << ": mode " << net::to_string(options->rules.mode);
    if (options->rules.mode == net::Mode::fallback) {
      std::cout << ", fallback " << net::to_string(decision.method) << " (" << decision.method_reason << ")";
    }
    std::cout << ", kube-proxy " << net::to_string(decision.kube_proxy.mode) << " ("
              << decision.kube_proxy.source << ")\n# apply with: "
              << (nft                               ? "nft -f -"
                  : set.family == net::Family::ipv6 ? "ip6tables-restore --noflush"
                                                    : "iptables-restore --noflush")
              << '\n'
              << (nft ? net::to_nft(set) : net::to_iptables_restore(set));
  }
  return sets.empty() && options->rules.mode != net::Mode::none ? kFailure : kSuccess;
}

}  // namespace

void add_rules(CLI::App& program, int& exit_code) {
  auto flags = std::make_shared<AgentFlags>();
  CLI::App* command = program.add_subcommand(
      "rules", "Print the rules that `run` would apply with the same flags; changes nothing.");
  add_corefile_flags(*command, flags->corefile);
  add_network_flags(*command, *flags);
  command->callback([flags, &exit_code] { exit_code = print_rules(*flags); });
}

}  // namespace nld::cli
