// A log that keeps its lines: for tests and replays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/logging.hpp"

namespace nld::runtime {

/// Single-threaded. Lines are "[LEVEL] text", without a time.
class CapturedLog final : public Log {
 public:
  explicit CapturedLog(LogLevel level = LogLevel::trace) noexcept : Log(level) {}
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }
  void clear() noexcept { lines_.clear(); }

 private:
  void write(LogLevel level, std::string_view text) noexcept override {
    lines_.push_back("[" + std::string(to_string(level)) + "] " + std::string(text));
  }

  std::vector<std::string> lines_;
};

}  // namespace nld::runtime
