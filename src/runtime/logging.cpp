// The asynchronous logger: a bounded queue in front of a descriptor that may stall.
#include "runtime/logging.hpp"

#include <fmt/format.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <iterator>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>

namespace nld::runtime {
namespace {

constexpr std::array<std::pair<std::string_view, LogLevel>, 6> kNames{{{"trace", LogLevel::trace},
                                                                       {"debug", LogLevel::debug},
                                                                       {"info", LogLevel::info},
                                                                       {"warn", LogLevel::warn},
                                                                       {"warning", LogLevel::warn},
                                                                       {"error", LogLevel::error}}};

/// For the log's thread: signals are the main thread's business, and a reader that went away is an EPIPE, not
/// a SIGPIPE that ends the process. Capabilities belong to threads (capabilities(7)): who drops the main
/// thread's later does not drop this one's, which writes text and never needs any.
void confine_thread() noexcept {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  ::syscall(SYS_capset, &header, none.data());
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

struct Line {
  std::chrono::system_clock::time_point time;
  LogLevel level = LogLevel::info;
  std::string text;
};

/// `2026-11-23T20:15:04.123Z [INFO] text`; the level's name as CoreDNS prints it.
void append_line(std::string& out, const Line& line) {
  using std::chrono::milliseconds;
  const auto since_epoch = std::chrono::floor<milliseconds>(line.time.time_since_epoch()).count();
  const std::time_t seconds = since_epoch / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z [{}] {}\n",
                 utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                 since_epoch % 1000, to_string(line.level), line.text);
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kNames, name, &std::pair<std::string_view, LogLevel>::first);
  if (found == kNames.end()) return std::nullopt;
  return found->second;
}

std::string_view to_string(LogLevel level) noexcept {
  static constexpr std::array<std::string_view, 5> kShown{"TRACE", "DEBUG", "INFO", "WARNING", "ERROR"};
  return kShown[static_cast<std::size_t>(level)];
}

void Log::compose(LogLevel level, fmt::string_view format, fmt::format_args args) noexcept {
  try {
    fmt::memory_buffer text;
    fmt::vformat_to(std::back_inserter(text), format, args);
    write(level, {text.data(), text.size()});
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // A text that cannot be formatted (no memory) is lost; a query must not die of its log line.
  }
}

class AsyncLog::Writer {
 public:
  Writer(int fd, std::size_t limit) : fd_(fd), limit_(limit), thread_([this] { run(); }) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      closing_.store(true, std::memory_order_relaxed);
    }
    wanted_.notify_one();
    thread_.join();
  }

  void add(Line line) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= limit_) {
        waiting_.pop_front();
        count_lost(1);
      }
      waiting_.push_back(std::move(line));
    }
    wanted_.notify_one();
  }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }
  void count_lost(std::size_t lines) noexcept { lost_.fetch_add(lines, std::memory_order_relaxed); }

 private:
  // poll(2) calls a pipe writable when PIPE_BUF octets fit, so a piece of that size never blocks.
  static constexpr std::size_t kPiece = 4096;
  static constexpr int kPollMilliseconds = 100;

  void run() noexcept {
    confine_thread();
    std::string text;
    while (wait_for_lines()) {
      // First, so that lines which the reader keeps waiting wait in the queue, within its bound.
      const bool writable = wait_writable();
      std::size_t lines = 0;
      try {
        text.clear();
        lines = take(text);
      } catch (...) {  // NOLINT(bugprone-empty-catch): no memory for the text
      }
      if (!writable || !write_all(text)) count_lost(lines);
    }
  }

  /// False: closing, and all that waited is written.
  bool wait_for_lines() {
    std::unique_lock lock(mutex_);
    wanted_.wait(lock, [this] { return !waiting_.empty() || closing_.load(std::memory_order_relaxed); });
    return !waiting_.empty();
  }

  /// Takes about as many lines as one write(2) writes; says how many.
  std::size_t take(std::string& text) {
    std::deque<Line> taken;
    {
      const std::lock_guard lock(mutex_);
      constexpr std::size_t kPrefix = 40;  // time and level
      for (std::size_t size = 0; !waiting_.empty(); waiting_.pop_front()) {
        size += waiting_.front().text.size() + kPrefix;
        if (size > kPiece && !taken.empty()) break;
        taken.push_back(std::move(waiting_.front()));
      }
    }
    for (const Line& line : taken) append_line(text, line);
    return taken.size();
  }

  /// A reader that stalls blocks this thread only, and not even that once the log is being closed.
  bool wait_writable() noexcept {
    for (;;) {
      pollfd wanted{.fd = fd_, .events = POLLOUT, .revents = 0};
      const int ready = ::poll(&wanted, 1, stalled_ ? 0 : kPollMilliseconds);
      if (ready > 0) {
        stalled_ = false;
        return true;
      }
      if (ready < 0 && errno != EINTR) return false;
      if (closing_.load(std::memory_order_relaxed)) {
        // One wait for the whole farewell, not one a piece.
        stalled_ = true;
        return false;
      }
    }
  }

  bool write_all(std::span<const char> rest) noexcept {
    while (!rest.empty()) {
      if (!wait_writable()) return false;
      const ssize_t written = ::write(fd_, rest.data(), std::min(rest.size(), kPiece));
      if (written >= 0) {
        rest = rest.subspan(static_cast<std::size_t>(written));
      } else if (errno != EINTR && errno != EAGAIN) {
        return false;
      }
    }
    return true;
  }

  int fd_;
  std::size_t limit_;
  bool stalled_ = false;
  std::atomic<bool> closing_{false};
  std::atomic<std::uint64_t> lost_{0};
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<Line> waiting_;
  std::thread thread_;  // last: it uses all of the above
};

AsyncLog::AsyncLog(LogLevel level, int fd, std::size_t queue)
    : Log(level), writer_(std::make_unique<Writer>(fd, std::max<std::size_t>(queue, 1))) {}

AsyncLog::~AsyncLog() = default;

std::uint64_t AsyncLog::dropped() const noexcept {
  return writer_->lost();
}

void AsyncLog::write(LogLevel level, std::string_view text) noexcept {
  try {
    writer_->add({.time = std::chrono::system_clock::now(), .level = level, .text = std::string(text)});
  } catch (...) {
    writer_->count_lost(1);  // no memory
  }
}

}  // namespace nld::runtime
