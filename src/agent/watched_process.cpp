// pidfd_open(2), waitpid(2).
#include "agent/watched_process.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace nld::agent {
namespace {

constexpr auto kLookInterval = std::chrono::milliseconds(20);

std::string describe(int status) {
  if (WIFEXITED(status)) return fmt::format("exited with {}", WEXITSTATUS(status));
  return fmt::format("killed by signal {}", WTERMSIG(status));
}

}  // namespace

WatchedProcess::WatchedProcess(boost::asio::io_context& loop, runtime::Clock& clock, pid_t pid, bool child,
                               std::chrono::system_clock::time_point started, std::string instance,
                               ExitHandler on_exit)
    : clock_(clock),
      pid_(pid),
      child_(child),
      started_(started),
      instance_(std::move(instance)),
      on_exit_(std::move(on_exit)) {
  // glibc 2.36 has pidfd_open; the call is made by number so that older ones will do, too.
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (handle >= 0) {
    handle_.emplace(loop, handle);  // the kernel sets close-on-exec on every pidfd
    wait();
  } else {
    look_again();
  }
}

WatchedProcess::~WatchedProcess() {
  *alive_ = false;
}

void WatchedProcess::wait() {
  handle_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this, alive = alive_](boost::system::error_code error) {
                        if (!*alive || error) return;
                        if (!ended()) look_again();
                      });
}

void WatchedProcess::look_again() {
  timer_ = clock_.after(kLookInterval, [this] {
    if (!ended()) look_again();
  });
}

bool WatchedProcess::ended() {
  std::string how = "ended";
  if (child_) {
    int status = 0;
    const pid_t got = ::waitpid(pid_, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return false;
    if (got == pid_) how = describe(status);
  } else if (!handle_ && ::kill(pid_, 0) == 0) {
    return false;
  }
  over_ = true;
  if (handle_) handle_->close();
  // The handler may destroy this object.
  const ExitHandler tell = std::move(on_exit_);
  tell(std::move(how));
  return true;
}

void WatchedProcess::signal(int number) noexcept {
  if (over_) return;
  // Not kill(2) where it can be helped: an adopted process is not our child, so its number may be reused.
  if (handle_) {
    ::syscall(SYS_pidfd_send_signal, handle_->native_handle(), number, nullptr, 0);
  } else {
    ::kill(pid_, number);
  }
}

}  // namespace nld::agent
