// Runs one program of the system to its end, bounded in time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace nld::net {

struct CommandResult {
  int status = 0;  ///< exit code; 128 + number when a signal ended it
  std::string out;
  std::string error;
};

/// How net runs iptables-restore, nft and the like: an interface, so that tests replace it.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  /// Waits. Error: it could not be started, or ran out of time and was killed. `argv[0]` is looked up in
  /// PATH, then in /usr/sbin and /sbin (a service's PATH often lacks those).
  virtual std::expected<CommandResult, std::string> run(const std::vector<std::string>& argv,
                                                        std::string_view input) = 0;
};

/// posix_spawn(3). No descriptor but 0, 1, 2 reaches the child, nor a signal that the caller blocks or
/// handles; its locale is C. A child that outlives `limit` is killed with all of its process group. Output
/// beyond 64 MiB is an error. For one thread at a time.
class SystemCommands final : public CommandRunner {
 public:
  explicit SystemCommands(std::chrono::milliseconds limit) noexcept : limit_(limit) {}
  std::expected<CommandResult, std::string> run(const std::vector<std::string>& argv,
                                                std::string_view input) override;

 private:
  std::chrono::milliseconds limit_;
  std::vector<pid_t> unreaped_;  // killed, but stuck in the kernel: reaped by a later run
};

}  // namespace nld::net
