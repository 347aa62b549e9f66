// What node-cache 1.15 to 1.26 and CoreDNS register, less what `run` has under the same name.
#include "cli/accepted_flags.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace nld::cli {
namespace {

constexpr const char* kGroup = "Flags of node-cache, accepted without effect";

struct Accepted {
  const char* names;
  const char* why;
};

/// Go's booleans: the value, if there is one, is behind '='.
constexpr std::array kSwitches{
    Accepted{"--reloadwithsignal", "SIGUSR1 and SIGHUP always reload."},
    Accepted{"--setupebtables", "There are no such rules."},
    Accepted{"--quiet", "There is no banner."},
    Accepted{"--logtostderr", "The log always goes to standard error."},
    Accepted{"--alsologtostderr", "Likewise."},
    Accepted{"--add_dir_header", "A log line names no source file."},
    Accepted{"--skip_headers", "Likewise."},
    Accepted{"--skip_log_headers", "Likewise."},
    Accepted{"--one_output", "There is one."},
    Accepted{"--log", "The Corefile's `log` decides."},
};

constexpr std::array kValues{
    Accepted{"--initialdelay", "The rules are there before the server is, and lead to it when it answers."},
    Accepted{"-v,--v", "See --log-level."},
    Accepted{"--vmodule", "See --log-level."},
    Accepted{"--stderrthreshold", "See --log-level."},
    Accepted{"--log_backtrace_at", "There are no such traces."},
    Accepted{"--log_dir", "No log is written to files."},
    Accepted{"--log_file", "Likewise."},
    Accepted{"--log_file_max_size", "Likewise."},
    Accepted{"--cpu", "See --workers."},
};

}  // namespace

void add_accepted_flags(CLI::App& command) {
  // CLI11 keeps references: these live as long as the command.
  auto given = std::make_shared<std::array<bool, kSwitches.size()>>();
  for (std::size_t at = 0; at < kSwitches.size(); ++at) {
    command.add_flag(kSwitches[at].names, (*given)[at], kSwitches[at].why)->group(kGroup);
  }
  auto words = std::make_shared<std::array<std::vector<std::string>, kValues.size()>>();
  for (std::size_t at = 0; at < kValues.size(); ++at) {
    command.add_option(kValues[at].names, (*words)[at], kValues[at].why)
        ->expected(1)
        ->take_all()
        ->type_name("VALUE")
        ->group(kGroup);
  }
  command.parse_complete_callback([given, words] {});
}

}  // namespace nld::cli
