// posix_spawn(3) and the search for orphans.
#include "agent/system_launcher.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>

#include "agent/watched_process.hpp"
#include "runtime/system_random.hpp"
#include "server/instance.hpp"

extern char** environ;

namespace nld::agent {
namespace {

constexpr std::string_view kMark = "NODE_LOCAL_DNS_SERVER=";
const std::string kInstance = std::string(server::kInstanceVariable) + "=";

/// "INTERFACE AGENT-PID DIGEST"
struct Mark {
  std::string interface;
  pid_t agent = 0;
  std::string digest;
};

std::string to_environment(const Mark& mark) {
  return fmt::format("{}{} {} {}", kMark, mark.interface, mark.agent, mark.digest);
}

std::optional<Mark> parse_mark(std::string_view text) {
  Mark mark;
  const std::size_t first = text.find(' ');
  const std::size_t second = first == text.npos ? text.npos : text.find(' ', first + 1);
  if (second == text.npos) return std::nullopt;
  mark.interface = text.substr(0, first);
  const std::string_view number = text.substr(first + 1, second - first - 1);
  if (std::from_chars(number.data(), number.data() + number.size(), mark.agent).ec != std::errc{}) {
    return std::nullopt;
  }
  mark.digest = text.substr(second + 1);
  return mark;
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What stands behind `name` in the environment of a process; `name` has the '=' at its end.
std::optional<std::string> variable_of(const std::filesystem::path& process, std::string_view name) {
  const std::string environment = read_all(process / "environ");
  std::size_t at = 0;
  while (at < environment.size()) {
    const std::size_t end = std::min(environment.find('\0', at), environment.size());
    const std::string_view entry = std::string_view(environment).substr(at, end - at);
    if (entry.starts_with(name)) return std::string(entry.substr(name.size()));
    at = end + 1;
  }
  return std::nullopt;
}

std::optional<Mark> mark_of(const std::filesystem::path& process) {
  const auto text = variable_of(process, kMark);
  return text ? parse_mark(*text) : std::nullopt;
}

/// From /proc/PID/stat; the fields after the command's closing parenthesis, from "state" on.
struct Stat {
  char state = '?';
  pid_t parent = 0;
  unsigned long long start = 0;  ///< clock ticks after boot
};
std::optional<Stat> stat_of(const std::filesystem::path& process) {
  const std::string text = read_all(process / "stat");
  const std::size_t close = text.rfind(')');
  if (close == text.npos) return std::nullopt;
  Stat stat;
  std::istringstream fields(text.substr(close + 1));
  fields >> stat.state >> stat.parent;
  std::string skipped;
  for (int field = 5; field < 22; ++field) fields >> skipped;
  if (!(fields >> stat.start)) return std::nullopt;
  return stat;
}

std::chrono::system_clock::time_point wall_time_of(unsigned long long ticks) {
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const auto now = std::chrono::seconds(since_boot.tv_sec) + std::chrono::nanoseconds(since_boot.tv_nsec);
  const auto started = std::chrono::milliseconds(
      ticks * 1000 / static_cast<unsigned long long>(std::max(1L, ::sysconf(_SC_CLK_TCK))));
  return std::chrono::system_clock::now() -
         std::chrono::duration_cast<std::chrono::system_clock::duration>(now - started);
}

std::string digest_of(const ServerCommand& command) {
  std::string all = command.program + '\0' + command.version;
  for (const std::string& word : command.argv) all += '\0' + word;
  return fmt::format("{:016x}", std::hash<std::string>{}(all));
}

class SpawnAttributes {
 public:
  SpawnAttributes() {
    ::posix_spawnattr_init(&attributes_);
    // A session of its own: a terminal's Ctrl-C reaches the agent alone, which ends the server in order.
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

SystemLauncher::SystemLauncher(boost::asio::io_context& loop, runtime::Clock& clock, ServerCommand command)
    : loop_(loop), clock_(clock), command_(std::move(command)), digest_(digest_of(command_)) {}

std::expected<std::unique_ptr<ServerProcess>, std::string> SystemLauncher::launch(ExitHandler on_exit) {
  std::vector<std::string> words = command_.argv;
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with(kMark) && !text.starts_with(kInstance)) environment.emplace_back(text);
  }
  environment.push_back(to_environment({command_.interface, ::getpid(), digest_}));
  std::string instance;
  if (command_.tells_itself) {
    instance = fmt::format("{:016x}", runtime::SystemRandom().next());
    environment.push_back(kInstance + instance);
  }
  pid_t pid = 0;
  const SpawnAttributes attributes;
  const int error = ::posix_spawnp(&pid, command_.program.c_str(), nullptr, attributes.get(),
                                   pointers(words).data(), pointers(environment).data());
  if (error != 0) {
    return std::unexpected(fmt::format("cannot start {}: {}", command_.argv.front(), std::strerror(error)));
  }
  return std::make_unique<WatchedProcess>(loop_, clock_, pid, true, std::chrono::system_clock::now(),
                                          std::move(instance), std::move(on_exit));
}

ServerLauncher::Orphan SystemLauncher::find_orphan(ExitHandler on_exit) {
  std::error_code error;
  const auto our_network = std::filesystem::read_symlink("/proc/self/ns/net", error);
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    pid_t pid = 0;
    const std::string name = entry.path().filename();
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (failed != std::errc{} || end != name.data() + name.size() || pid == ::getpid()) continue;
    const auto mark = mark_of(entry.path());
    if (!mark || mark->interface != command_.interface) continue;
    const auto stat = stat_of(entry.path());
    if (!stat || stat->state == 'Z' || stat->parent == mark->agent) continue;
    // The server's own children bear its mark too.
    if (const auto parent = mark_of(fmt::format("/proc/{}", stat->parent)); parent) continue;
    if (std::filesystem::read_symlink(entry.path() / "ns/net", error) != our_network) continue;
    return {std::make_unique<WatchedProcess>(loop_, clock_, pid, false, wall_time_of(stat->start),
                                             variable_of(entry.path(), kInstance).value_or(""),
                                             std::move(on_exit)),
            mark->digest == digest_};
  }
  return {};
}

}  // namespace nld::agent
