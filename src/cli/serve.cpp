// `serve`: the DNS server alone.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/serve_flags.hpp"
#include "plugins/bind/interfaces.hpp"
#include "runtime/logging.hpp"
#include "runtime/processors.hpp"
#include "server/instance.hpp"
#include "server/server.hpp"

namespace nld::cli {
namespace {

struct Flags {
  server::CorefileOptions corefile;
  ServeFlags serve;
  bool print_default = false;
};

int serve(const Flags& flags) {
  if (flags.print_default) {
    std::cout << (flags.corefile.local_ips.empty() ? server::kDefaultCorefile : server::kNodeCorefile);
    return kSuccess;
  }
  const auto level = runtime::parse_log_level(flags.serve.log_level);
  runtime::AsyncLog log(level.value_or(runtime::LogLevel::info));
  const std::size_t processors = runtime::usable_processors();
  const char* const instance = std::getenv(server::kInstanceVariable);
  try {
    server::Server server(
        {.workers = flags.serve.workers == 0 ? processors : flags.serve.workers,
         .cache_memory = flags.serve.cache_memory,
         .loop_exit = flags.serve.loop_exit,
         .version = version_number(),
         .instance = instance == nullptr ? "" : instance},
        server::CorefileSource(flags.corefile, plugins::real_surroundings_with_interfaces()), log);
    return server.run();
  } catch (const std::exception& failure) {
    log.error("{}", failure.what());
    return kFailure;
  }
}

}  // namespace

void add_serve(CLI::App& program, int& exit_code) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = program.add_subcommand("serve", "Run the DNS server alone, until SIGTERM or SIGINT.");
  add_corefile_flags(*command, flags->corefile);
  add_serve_flags(*command, flags->serve);
  command->add_flag(
      "--print-default", flags->print_default,
      "Print the Corefile that is used when none is given (with --localip: the node's), and exit.");
  command->footer(
      "SIGHUP and SIGUSR1 reload the configuration; a bad one is reported and the old one keeps serving.");
  command->callback([flags, &exit_code] { exit_code = serve(*flags); });
}

}  // namespace nld::cli
