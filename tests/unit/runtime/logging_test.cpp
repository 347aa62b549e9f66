// The asynchronous log on a pipe: the form of its lines, its levels, and readers that stall or go away.
#include "runtime/logging.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/captured_log.hpp"

namespace nld::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

class PipeLog : public testing::Test {
 protected:
  PipeLog() {
    if (::pipe(ends_.data()) != 0) throw std::runtime_error("no pipe");
  }
  ~PipeLog() override {
    close_reader();
    ::close(ends_[1]);
  }
  void close_reader() {
    if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
  }
  [[nodiscard]] bool wait_for_bytes() const {
    pollfd readable{.fd = ends_[0], .events = POLLIN, .revents = 0};
    return ::poll(&readable, 1, 10'000) == 1;
  }
  /// All that was written, up to the end of file.
  std::string drain() {
    ::close(std::exchange(ends_[1], -1));
    std::string text;
    std::array<char, 4096> piece;
    for (;;) {
      const ssize_t got = ::read(ends_[0], piece.data(), piece.size());
      if (got <= 0) return text;
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
  }
  /// Leaves no room in the pipe; says how many octets that took.
  std::size_t fill() {
    ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    const std::array<char, 4096> piece{};
    std::size_t total = 0;
    for (ssize_t written = 0; (written = ::write(ends_[1], piece.data(), piece.size())) > 0;) {
      total += static_cast<std::size_t>(written);
    }
    ::fcntl(ends_[1], F_SETFL, 0);
    return total;
  }
  void take(std::size_t octets) {
    std::string text(octets, '\0');
    for (std::size_t at = 0; at < octets;) {
      const ssize_t got = ::read(ends_[0], text.data() + at, octets - at);
      ASSERT_GT(got, 0);
      at += static_cast<std::size_t>(got);
    }
  }
  [[nodiscard]] int writer() const { return ends_[1]; }

 private:
  std::array<int, 2> ends_{};
};

/// "CapPrm:\t0000…" and the like of every thread but the caller's.
std::vector<std::string> status_lines_of_other_threads(std::string_view field) {
  std::vector<std::string> found;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(::gettid())) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(field)) found.push_back(line);
    }
  }
  return found;
}

TEST_F(PipeLog, ItsThreadHasNoCapabilities) {
  AsyncLog log(LogLevel::info, writer());
  log.info("started");
  ASSERT_TRUE(wait_for_bytes());  // its thread has begun
  EXPECT_THAT(status_lines_of_other_threads("CapPrm:"), ElementsAre("CapPrm:\t0000000000000000"));
  EXPECT_THAT(status_lines_of_other_threads("CapEff:"), ElementsAre("CapEff:\t0000000000000000"));
  EXPECT_THAT(status_lines_of_other_threads("NoNewPrivs:"), ElementsAre("NoNewPrivs:\t1"));
}

TEST_F(PipeLog, WritesLinesWithTimeAndLevel) {
  {
    AsyncLog log(LogLevel::debug, writer());
    log.debug("value {}", 1);
    log.info("{} {}", "two", 2);
    log.warn("three");
    log.error("{:.1f}", 4.0);
    log.line(LogLevel::info, "{not a format}");
  }
  constexpr const char* kTime =
      "20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9][.][0-9][0-9][0-9]Z ";
  const std::string t = kTime;
  EXPECT_THAT(drain(), MatchesRegex(t + "\\[DEBUG\\] value 1\n" + t + "\\[INFO\\] two 2\n" + t +
                                    "\\[WARNING\\] three\n" + t + "\\[ERROR\\] 4.0\n" + t +
                                    "\\[INFO\\] \\{not a format\\}\n"));
}

TEST_F(PipeLog, LeavesOutWhatIsBelowItsLevel) {
  {
    AsyncLog log(LogLevel::warn, writer());
    log.info("no");
    log.error("yes");
    log.set_level(LogLevel::debug);
    log.debug("now");
  }
  const std::string text = drain();
  EXPECT_EQ(text.find("no\n"), std::string::npos);
  EXPECT_THAT(text, HasSubstr("[ERROR] yes\n"));
  EXPECT_THAT(text, HasSubstr("[DEBUG] now\n"));
}

TEST_F(PipeLog, DropsTheOldestWhenItsReaderStalls) {
  constexpr std::uint64_t kLines = 5000;
  constexpr std::size_t kQueue = 10;
  const std::size_t filled = fill();
  {
    AsyncLog log(LogLevel::info, writer(), kQueue);
    for (std::uint64_t number = 0; number < kLines; ++number) log.info("line {}", number);
    // All but what waits and the one that the log's thread holds.
    EXPECT_GE(log.dropped(), kLines - kQueue - 1);
    EXPECT_LE(log.dropped(), kLines - kQueue);
    take(filled);
  }
  const std::string text = drain();
  EXPECT_THAT(text, HasSubstr("line 4999\n"));
  EXPECT_LE(std::ranges::count(text, '\n'), 11);
}

TEST_F(PipeLog, ComesToAnEndThoughItsReaderStalls) {
  fill();
  std::optional<AsyncLog> log(std::in_place, LogLevel::info, writer(), 100);
  for (int number = 0; number < 200; ++number) log->info("line {}", number);
  log.reset();
}

TEST_F(PipeLog, SurvivesAReaderThatGoesAway) {
  std::optional<AsyncLog> log(std::in_place, LogLevel::info, writer());
  close_reader();
  log->info("nobody hears this");
  log.reset();
}

TEST(LogLevels, AreKnownByName) {
  EXPECT_EQ(parse_log_level("trace"), LogLevel::trace);
  EXPECT_EQ(parse_log_level("debug"), LogLevel::debug);
  EXPECT_EQ(parse_log_level("info"), LogLevel::info);
  EXPECT_EQ(parse_log_level("warn"), LogLevel::warn);
  EXPECT_EQ(parse_log_level("warning"), LogLevel::warn);
  EXPECT_EQ(parse_log_level("error"), LogLevel::error);
  EXPECT_EQ(parse_log_level("INFO"), std::nullopt);
  EXPECT_EQ(parse_log_level(""), std::nullopt);
}

TEST(CapturedLog, KeepsItsLines) {
  CapturedLog log(LogLevel::info);
  log.info("a {}", 1);
  log.debug("b");
  EXPECT_THAT(log.lines(), ElementsAre("[INFO] a 1"));
}

}  // namespace
}  // namespace nld::runtime
