// Log lines: the interface that library code gets passed, and the asynchronous logger behind it.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace nld::runtime {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

/// "trace", "debug", "info", "warn" (or "warning"), "error"; nothing for other words.
std::optional<LogLevel> parse_log_level(std::string_view name) noexcept;
/// As in a line's brackets: "TRACE", "DEBUG", "INFO", "WARNING", "ERROR".
std::string_view to_string(LogLevel level) noexcept;

/// Where log lines go. Any thread may log; a line never waits for its reader and never throws.
class Log {
 public:
  explicit Log(LogLevel level = LogLevel::info) noexcept : level_(level) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;

  [[nodiscard]] bool enabled(LogLevel level) const noexcept {
    return level >= level_.load(std::memory_order_relaxed);
  }
  void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }

  /// A finished text, no newline at its end.
  void line(LogLevel level, std::string_view text) noexcept {
    if (enabled(level)) write(level, text);
  }

  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) noexcept {
    if (enabled(LogLevel::debug)) compose(LogLevel::debug, format, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) noexcept {
    if (enabled(LogLevel::info)) compose(LogLevel::info, format, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) noexcept {
    if (enabled(LogLevel::warn)) compose(LogLevel::warn, format, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) noexcept {
    if (enabled(LogLevel::error)) compose(LogLevel::error, format, fmt::make_format_args(args...));
  }

 private:
  virtual void write(LogLevel level, std::string_view text) noexcept = 0;
  void compose(LogLevel level, fmt::string_view format, fmt::format_args args) noexcept;

  std::atomic<LogLevel> level_;
};

/// Lines `2026-11-23T20:15:04.123Z [INFO] text` on a file descriptor, written by a thread of its own. At
/// most `queue` lines wait; when the descriptor's reader stalls the oldest are dropped and counted.
/// Destruction writes what waits, and gives up on a reader that takes nothing.
class AsyncLog final : public Log {
 public:
  static constexpr int kStderr = 2;
  static constexpr std::size_t kDefaultQueue = 4096;

  /// `fd` stays the caller's.
  explicit AsyncLog(LogLevel level = LogLevel::info, int fd = kStderr, std::size_t queue = kDefaultQueue);
  ~AsyncLog() override;

  /// Lines lost so far, for a metric.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  void write(LogLevel level, std::string_view text) noexcept override;

  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace nld::runtime
