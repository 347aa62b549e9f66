// Runs one program of the system to its end, bounded in time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
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
  /// Whether `run` would find it.
  virtual bool installed(const std::string& program) = 0;

 protected:
  friend class ReadAhead;
  /// Starts it, without input; the next `run` of the same words takes over. May do nothing.
  virtual void begin(const std::vector<std::string>& /*argv*/) {}
  /// Ends it when no `run` has taken it over.
  virtual void drop(const std::vector<std::string>& /*argv*/) {}
};

/// Programs that only read, started before their turn so that they run at once, on as many processors as
/// there are. What nobody has asked for when this ends is dropped: a later `run` sees the kernel of its time.
class ReadAhead {
 public:
  explicit ReadAhead(CommandRunner& commands) noexcept : commands_(commands) {}
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() {
    for (const auto& argv : begun_) commands_.drop(argv);
  }
  void begin(std::vector<std::string> argv) {
    commands_.begin(argv);
    begun_.push_back(std::move(argv));
  }

 private:
  CommandRunner& commands_;
  std::vector<std::vector<std::string>> begun_;
};

/// posix_spawn(3). No descriptor but 0, 1, 2 reaches the child, nor a signal that the caller blocks or
/// handles; its locale is C. A child that outlives `limit` is killed with all of its process group. Output
/// beyond 64 MiB is an error. For one thread at a time.
class SystemCommands final : public CommandRunner {
 public:
  explicit SystemCommands(std::chrono::milliseconds limit) noexcept;
  ~SystemCommands() override;
  std::expected<CommandResult, std::string> run(const std::vector<std::string>& argv,
                                                std::string_view input) override;
  bool installed(const std::string& program) override;

 private:
  class Child;
  struct Begun;
  void begin(const std::vector<std::string>& argv) override;
  void drop(const std::vector<std::string>& argv) override;
  std::expected<CommandResult, std::string> finish(Child& child, const std::string& program);

  std::chrono::milliseconds limit_;
  std::vector<Begun> begun_;
  std::vector<pid_t> unreaped_;  // killed, but stuck in the kernel: reaped by a later run
};

}  // namespace nld::net
