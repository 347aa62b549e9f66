// The DNS server as a process: started, signalled, watched until its end; interfaces that tests replace.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace nld::agent {

/// How a server ended, for people: "exited with 1", "killed by signal 9", "ended" (adopted ones do not tell).
using ExitHandler = std::function<void(std::string how)>;

/// A running server. Destroying the object ends the watching, not the server.
class ServerProcess {
 public:
  virtual ~ServerProcess() = default;
  [[nodiscard]] virtual pid_t pid() const noexcept = 0;
  [[nodiscard]] virtual bool adopted() const noexcept = 0;  ///< a former agent started it
  /// When it started, by the wall clock.
  [[nodiscard]] virtual std::chrono::system_clock::time_point started() const noexcept = 0;
  /// The word by which it tells itself from another server at its address; empty: it cannot.
  [[nodiscard]] virtual const std::string& instance() const noexcept = 0;
  /// Harmless when it has ended already.
  virtual void signal(int number) noexcept = 0;
};

class ServerLauncher {
 public:
  virtual ~ServerLauncher() = default;
  /// `on_exit` runs once on the loop, never inside this call. Error: it could not be started at all.
  virtual std::expected<std::unique_ptr<ServerProcess>, std::string> launch(ExitHandler on_exit) = 0;

  struct Orphan {
    std::unique_ptr<ServerProcess> process;
    bool same_command = false;  ///< as `launch` would start it, program version included
  };
  /// A server that an agent of this interface left when it died; a null process: there is none.
  virtual Orphan find_orphan(ExitHandler on_exit) = 0;
};

}  // namespace nld::agent
