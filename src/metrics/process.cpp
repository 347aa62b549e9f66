// Reads /proc/self (proc(5)).
#include "metrics/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

namespace nld::metrics {
namespace {

constexpr std::size_t kMaxDescriptors = 1U << 20U;

// Fields of /proc/PID/stat that come after the command name, the first of them (state) being 0.
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kVirtualBytes = 20;
constexpr std::size_t kResidentPages = 21;
constexpr std::size_t kFields = 22;

std::optional<double> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return static_cast<double>(value);
}

std::optional<std::array<std::string, kFields>> read_stat(const std::filesystem::path& proc) {
  std::ifstream file(proc / "self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The command name stands in parentheses and may hold spaces and parentheses itself.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::array<std::string, kFields> fields;
  std::size_t at = name_end + 1;
  for (std::string& field : fields) {
    const std::size_t begin = line.find_first_not_of(' ', at);
    if (begin == std::string::npos) return std::nullopt;
    at = std::min(line.find(' ', begin), line.size());
    field = line.substr(begin, at - begin);
  }
  return fields;
}

std::optional<double> boot_time(const std::filesystem::path& proc) {
  std::ifstream file(proc / "stat");
  constexpr std::string_view kKey = "btime ";
  constexpr int kMaxLines = 10'000;
  std::string line;
  for (int count = 0; count < kMaxLines && std::getline(file, line); ++count) {
    if (line.starts_with(kKey)) return number(std::string_view(line).substr(kKey.size()));
  }
  return std::nullopt;
}

std::optional<double> count_descriptors(const std::filesystem::path& proc) {
  std::error_code error;
  std::filesystem::directory_iterator entry(proc / "self/fd", error);
  if (error) return std::nullopt;
  std::size_t count = 0;
  while (entry != std::filesystem::directory_iterator() && count < kMaxDescriptors) {
    ++count;
    entry.increment(error);
    if (error) return std::nullopt;
  }
  // One of them is the directory we read.
  return static_cast<double>(count == 0 ? 0 : count - 1);
}

}  // namespace

ProcessFacts read_process_facts(const std::filesystem::path& proc) {
  ProcessFacts facts;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (const auto stat = read_stat(proc)) {
    const auto user = number((*stat)[kUserTicks]);
    const auto system = number((*stat)[kSystemTicks]);
    if (user && system) facts.cpu_seconds = (*user + *system) / ticks;
    facts.virtual_bytes = number((*stat)[kVirtualBytes]);
    if (const auto pages = number((*stat)[kResidentPages])) {
      facts.resident_bytes = *pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
    }
    const auto boot = boot_time(proc);
    const auto start = number((*stat)[kStartTicks]);
    if (boot && start) facts.start_time_seconds = *boot + *start / ticks;
  }
  facts.open_fds = count_descriptors(proc);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.max_fds = static_cast<double>(limit.rlim_cur);
  return facts;
}

}  // namespace nld::metrics
