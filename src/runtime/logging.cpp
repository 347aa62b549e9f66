// The asynchronous logger: spdlog's bounded queue in front of a descriptor that may stall.
#include "runtime/logging.hpp"

#include <fmt/format.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

namespace nld::runtime {
namespace {

constexpr std::array<std::pair<std::string_view, LogLevel>, 6> kNames{{{"trace", LogLevel::trace},
                                                                       {"debug", LogLevel::debug},
                                                                       {"info", LogLevel::info},
                                                                       {"warn", LogLevel::warn},
                                                                       {"warning", LogLevel::warn},
                                                                       {"error", LogLevel::error}}};

constexpr spdlog::level::level_enum to_spdlog(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

constexpr LogLevel from_spdlog(spdlog::level::level_enum level) noexcept {
  switch (level) {
    case spdlog::level::trace:
      return LogLevel::trace;
    case spdlog::level::debug:
      return LogLevel::debug;
    case spdlog::level::info:
      return LogLevel::info;
    case spdlog::level::warn:
      return LogLevel::warn;
    default:
      return LogLevel::error;
  }
}

/// For the log's thread: signals are the main thread's business, and a reader that went away is an EPIPE, not
/// a SIGPIPE that ends the process. Capabilities belong to threads (capabilities(7)), and whoever drops the
/// others' later does not reach this one, which a library starts: it writes text and never needs any.
void confine_thread() noexcept {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  ::syscall(SYS_capset, &header, none.data());
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/// The level's name as CoreDNS prints it; spdlog's own names are lower-case.
class LevelName final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const std::string_view name = to_string(from_spdlog(message.level));
    out.append(name.data(), name.data() + name.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelName>();
  }
};

std::unique_ptr<spdlog::formatter> line_formatter() {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, "\n");
  formatter->add_flag<LevelName>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ [%*] %v");
  return formatter;
}

/// Writes to a descriptor whose reader may stall: a stall blocks the log's own thread only, and not even
/// that once the log is being closed.
class DescriptorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit DescriptorSink(int fd) : base_sink(line_formatter()), fd_(fd) {}
  void give_up_on_stalls() noexcept { closing_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    if (!write_all({text.data(), text.size()})) lost_.fetch_add(1, std::memory_order_relaxed);
  }
  void flush_() override {}

 private:
  // poll(2) calls a pipe writable when PIPE_BUF octets fit, so a piece of that size never blocks.
  static constexpr std::size_t kPiece = 4096;
  static constexpr int kPollMilliseconds = 100;

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
        // One wait for the whole farewell, not one a line.
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
  bool stalled_ = false;
  std::atomic<bool> closing_{false};
  std::atomic<std::uint64_t> lost_{0};
};

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

struct AsyncLog::State {
  State(int fd, std::size_t queue)
      : sink(std::make_shared<DescriptorSink>(fd)),
        pool(std::make_shared<spdlog::details::thread_pool>(queue, 1, [] { confine_thread(); })),
        logger(std::make_shared<spdlog::async_logger>("", sink, pool,
                                                      spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_level(spdlog::level::trace);
    logger->set_error_handler([](const std::string&) {});
  }

  std::shared_ptr<DescriptorSink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};

AsyncLog::AsyncLog(LogLevel level, int fd, std::size_t queue)
    : Log(level), state_(std::make_unique<State>(fd, std::max<std::size_t>(queue, 1))) {}

AsyncLog::~AsyncLog() {
  // The pool's destructor drains the queue and joins the thread.
  state_->sink->give_up_on_stalls();
}

std::uint64_t AsyncLog::dropped() const noexcept {
  try {
    return state_->pool->overrun_counter() + state_->sink->lost();
  } catch (...) {
    return 0;
  }
}

void AsyncLog::write(LogLevel level, std::string_view text) noexcept {
  try {
    state_->logger->log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // As above: without memory the line is lost.
  }
}

}  // namespace nld::runtime
