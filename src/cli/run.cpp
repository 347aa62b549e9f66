// `run`: the node agent and, below it, the DNS server.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "agent/agent.hpp"
#include "cli/agent_flags.hpp"
#include "cli/command.hpp"

namespace nld::cli {
namespace {

int run_agent(const AgentFlags& flags) {
  auto options = to_options(flags);
  if (!options) {
    std::cerr << options.error() << '\n';
    return kUsage;
  }
  const auto level = runtime::parse_log_level(flags.serve.log_level);
  runtime::AsyncLog log(level.value_or(runtime::LogLevel::info));
  try {
    agent::Agent agent(std::move(*options), version_number(), log);
    return agent.run();
  } catch (const std::invalid_argument& meant) {  // a flag that only its user can judge
    std::cerr << meant.what() << '\n';
    return kUsage;
  } catch (const std::exception& failure) {
    log.error("{}", failure.what());
    return kFailure;
  }
}

}  // namespace

void add_run(CLI::App& program, int& exit_code) {
  auto flags = std::make_shared<AgentFlags>();
  CLI::App* command = program.add_subcommand(
      "run",
      "Run the node agent (the default command): rules, interface, and the DNS server under supervision.");
  add_run_flags(*command, *flags);
  command->footer(
      "Needs root or CAP_NET_ADMIN and CAP_NET_BIND_SERVICE. SIGTERM and SIGINT end it: the server, then the "
      "interface; the rules\nstay and lead to the cluster DNS (`cleanup` removes them). SIGHUP and SIGUSR1 "
      "reload.");
  command->callback([flags, &exit_code] { exit_code = run_agent(*flags); });
}

}  // namespace nld::cli
