// One process that is waited for on an event loop, child or not.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>

#include "agent/server_process.hpp"
#include "runtime/clock.hpp"

namespace nld::agent {

/// Waits on a pidfd (Linux 5.3); where the kernel has none, looks every 20 ms.
class WatchedProcess final : public ServerProcess {
 public:
  WatchedProcess(boost::asio::io_context& loop, runtime::Clock& clock, pid_t pid, bool child,
                 std::chrono::system_clock::time_point started, std::string instance, ExitHandler on_exit);
  WatchedProcess(const WatchedProcess&) = delete;
  WatchedProcess& operator=(const WatchedProcess&) = delete;
  ~WatchedProcess() override;

  [[nodiscard]] pid_t pid() const noexcept override { return pid_; }
  [[nodiscard]] bool adopted() const noexcept override { return !child_; }
  [[nodiscard]] std::chrono::system_clock::time_point started() const noexcept override { return started_; }
  [[nodiscard]] const std::string& instance() const noexcept override { return instance_; }
  void signal(int number) noexcept override;

 private:
  void wait();
  void look_again();
  /// True when it is over: the child reaped, its end told.
  bool ended();

  runtime::Clock& clock_;
  pid_t pid_;
  bool child_;
  std::chrono::system_clock::time_point started_;
  std::string instance_;
  ExitHandler on_exit_;
  std::optional<boost::asio::posix::stream_descriptor> handle_;
  runtime::Timer timer_;
  bool over_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace nld::agent
