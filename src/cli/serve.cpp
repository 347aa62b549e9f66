// `serve`: the DNS server alone.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "plugins/bind/interfaces.hpp"
#include "runtime/logging.hpp"
#include "runtime/processors.hpp"
#include "server/server.hpp"

namespace nld::cli {
namespace {

struct ServeFlags {
  server::CorefileOptions corefile;
  std::size_t workers = 0;  ///< 0: as many as there are processors
  std::size_t cache_memory = std::size_t{64} << 20U;
  std::string log_level = "info";
  bool loop_exit = false;
  bool print_default = false;
};

constexpr std::size_t kMaxWorkers = 256;

int serve(const ServeFlags& flags) {
  if (flags.print_default) {
    std::cout << server::kDefaultCorefile;
    return kSuccess;
  }
  const auto level = runtime::parse_log_level(flags.log_level);
  runtime::AsyncLog log(level.value_or(runtime::LogLevel::info));
  const std::size_t processors = runtime::usable_processors();
  try {
    server::Server server(
        {.workers = flags.workers == 0 ? processors : flags.workers,
         .cache_memory = flags.cache_memory,
         .loop_exit = flags.loop_exit,
         .version = version_number()},
        server::CorefileSource(flags.corefile, plugins::real_surroundings_with_interfaces()), log);
    return server.run();
  } catch (const std::exception& failure) {
    log.error("{}", failure.what());
    return kFailure;
  }
}

}  // namespace

void add_serve(CLI::App& program, int& exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* command = program.add_subcommand("serve", "Run the DNS server until SIGTERM or SIGINT.");
  add_corefile_flags(*command, flags->corefile);
  command
      ->add_option("--workers", flags->workers,
                   "Threads that answer queries (default: the processors this process may use).")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kMaxWorkers));
  command
      ->add_option("--cache-memory", flags->cache_memory,
                   "Bound on the memory of all cached answers; suffixes KiB, MiB, GiB.")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();
  command->add_option("--log-level", flags->log_level, "Least level that is logged, to standard error.")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  command->add_flag(
      "--loop-exit", flags->loop_exit,
      "Exit when `loop` finds a forwarding loop, as CoreDNS does (default: SERVFAIL for the zone).");
  command->add_flag("--print-default", flags->print_default,
                    "Print the Corefile that is used when none is given, and exit.");
  command->footer(
      "SIGHUP and SIGUSR1 reload the configuration; a bad one is reported and the old one keeps serving.");
  command->callback([flags, &exit_code] { exit_code = serve(*flags); });
}

}  // namespace nld::cli
