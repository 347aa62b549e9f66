// Workers, memory, log.
#include "cli/serve_flags.hpp"

#include <CLI/CLI.hpp>

namespace nld::cli {
namespace {

constexpr std::size_t kMaxWorkers = 256;

}  // namespace

void add_serve_flags(CLI::App& command, ServeFlags& flags) {
  command
      .add_option("--workers", flags.workers,
                  "Threads that answer queries (default: the processors this process may use).")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kMaxWorkers));
  command
      .add_option("--cache-memory", flags.cache_memory,
                  "Bound on the memory of all cached answers; suffixes KiB, MiB, GiB.")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();
  command.add_option("--log-level", flags.log_level, "Least level that is logged, to standard error.")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  command.add_flag(
      "--loop-exit", flags.loop_exit,
      "Exit when `loop` finds a forwarding loop, as CoreDNS does (default: SERVFAIL for the zone).");
}

std::vector<std::string> to_arguments(const ServeFlags& flags) {
  std::vector<std::string> words{"--cache-memory", std::to_string(flags.cache_memory), "--log-level",
                                 flags.log_level};
  if (flags.workers != 0) {
    words.emplace_back("--workers");
    words.push_back(std::to_string(flags.workers));
  }
  if (flags.loop_exit) words.emplace_back("--loop-exit");
  return words;
}

}  // namespace nld::cli
