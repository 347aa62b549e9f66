// posix_spawn(3), one poll(2) loop until the child has ended, and the child's end in every case.
#include "net/command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>

#include "runtime/descriptor.hpp"

namespace nld::net {
namespace {

using runtime::Descriptor;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kOutputLimit = std::size_t{64} << 20;
/// For a killed child to be gone; one that hangs in the kernel takes longer.
constexpr std::chrono::milliseconds kKillWait{500};

std::string reason(int error) {
  return std::generic_category().message(error);
}

/// Descriptors 0 to 2 may be free in a daemon: dup2 in the child would overwrite one with another.
Descriptor above_standard(Descriptor fd) {
  if (fd.get() > STDERR_FILENO || !fd.is_open()) return fd;
  return Descriptor(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  Pipe made{.read = above_standard(Descriptor(ends[0])), .write = above_standard(Descriptor(ends[1]))};
  if (!made.read.is_open() || !made.write.is_open()) return std::nullopt;
  // Only our end: O_NONBLOCK belongs to the open file, and the child expects to wait.
  if (::fcntl(made.read.get(), F_SETFL, O_NONBLOCK) != 0) return std::nullopt;
  return made;
}

/// The input as a file in memory: nothing to feed while the child runs, and no SIGPIPE when it reads none.
Descriptor input_file(std::string_view input) {
  Descriptor file = above_standard(Descriptor(::memfd_create("input", MFD_CLOEXEC)));
  while (file.is_open() && !input.empty()) {
    const ssize_t written = ::write(file.get(), input.data(), input.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Descriptor();
    input.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file.is_open() && ::lseek(file.get(), 0, SEEK_SET) != 0) return Descriptor();
  return file;
}

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  std::string places = path == nullptr ? "/usr/bin:/bin" : path;
  places += ":/usr/sbin:/sbin";
  for (std::string_view rest = places; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    std::string candidate = fmt::format("{}/{}", rest.substr(0, end), name);
    if (end > 0 && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::nullopt;
}

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  void move(const Descriptor& from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from.get(), to); }
  // What other parts of the program forgot to mark close-on-exec would keep the server's sockets open.
  void close_rest() { ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
 public:
  SpawnAttributes() {
    sigset_t signals;
    ::posix_spawnattr_init(&attributes_);
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    // Its own group: a Ctrl-C meant for us does not stop it halfway, and its children are killed with it.
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::vector<std::string> environment() {
  std::vector<std::string> variables{"LC_ALL=C"};  // messages are compared
  for (char** next = environ; next != nullptr && *next != nullptr; ++next) {
    if (!std::string_view(*next).starts_with("LC_ALL=")) variables.emplace_back(*next);
  }
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (std::string& one : strings) list.push_back(one.data());
  list.push_back(nullptr);
  return list;
}

/// Takes what is there now. False: the output is beyond the limit.
bool drain(Descriptor& from, std::string& into) {
  std::array<char, 65536> piece;
  while (from.is_open()) {
    const ssize_t got = ::read(from.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      from = Descriptor();
      break;
    }
    if (into.size() + static_cast<std::size_t>(got) > kOutputLimit) return false;
    into.append(piece.data(), static_cast<std::size_t>(got));
  }
  return true;
}

int milliseconds_until(Clock::time_point when) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

int exit_status(int waited) noexcept {
  constexpr int kSignalled = 128;
  return WIFSIGNALED(waited) ? kSignalled + WTERMSIG(waited) : WEXITSTATUS(waited);
}

/// glibc 2.36 declares pidfd_open(2) without extern "C".
Descriptor open_pid(pid_t pid) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
}

}  // namespace

class SystemCommands::Child {
 public:
  /// In a process group of its own.
  static std::expected<Child, std::string> start(const std::vector<std::string>& argv,
                                                 std::string_view input) {
    const auto program = find_program(argv.front());
    if (!program) return std::unexpected("not found in PATH, /usr/sbin or /sbin");
    auto out = make_pipe();
    auto error = make_pipe();
    Descriptor in = input_file(input);
    if (!out || !error || !in.is_open()) return std::unexpected(reason(errno));
    SpawnActions actions;
    actions.move(in, STDIN_FILENO);
    actions.move(out->write, STDOUT_FILENO);
    actions.move(error->write, STDERR_FILENO);
    actions.close_rest();

    std::vector<std::string> arguments = argv;
    std::vector<std::string> variables = environment();
    pid_t pid = 0;
    const int refused = ::posix_spawn(&pid, program->c_str(), actions.get(), SpawnAttributes().get(),
                                      pointers(arguments).data(), pointers(variables).data());
    if (refused != 0) return std::unexpected(reason(refused));
    return Child(pid, std::move(out->read), std::move(error->read));
  }

  Child(pid_t pid, Descriptor out, Descriptor error)
      : pid_(pid), ended_(open_pid(pid)), out_(std::move(out)), error_(std::move(error)) {}

  /// Until it has ended. A grandchild that keeps the pipes open is not waited for.
  std::expected<CommandResult, std::string> finish(std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    if (!ended_.is_open()) return std::unexpected("cannot be waited for: " + reason(errno));
    CommandResult result;
    for (bool ended = false; !ended;) {
      ended = wait(deadline);
      if (!drain(out_, result.out) || !drain(error_, result.error)) {
        return std::unexpected("wrote more than 64 MiB and was killed");
      }
      if (!ended && Clock::now() >= deadline) {
        return std::unexpected(fmt::format("took longer than {} ms and was killed", limit.count()));
      }
    }
    int waited = 0;
    if (::waitpid(pid_, &waited, 0) != pid_) return std::unexpected("somebody else reaped it");
    result.status = exit_status(waited);
    return result;
  }

  /// True when nothing of it is left.
  bool kill() {
    ::kill(-pid_, SIGKILL);
    if (ended_.is_open()) {
      pollfd end{.fd = ended_.get(), .events = POLLIN, .revents = 0};
      ::poll(&end, 1, static_cast<int>(kKillWait.count()));
    }
    return ::waitpid(pid_, nullptr, WNOHANG) != 0;
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  /// Until something can be read, it has ended (true) or the time is up.
  bool wait(Clock::time_point deadline) {
    std::array<pollfd, 3> events{{{.fd = out_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = error_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = ended_.get(), .events = POLLIN, .revents = 0}}};
    ::poll(events.data(), events.size(), milliseconds_until(deadline));
    return events[2].revents != 0;
  }

  pid_t pid_;
  Descriptor ended_;
  Descriptor out_;
  Descriptor error_;
};

/// A program on its way, and what it is.
struct SystemCommands::Begun {
  std::vector<std::string> argv;
  Child child;
};

SystemCommands::SystemCommands(std::chrono::milliseconds limit) noexcept : limit_(limit) {}

SystemCommands::~SystemCommands() {
  for (Begun& one : begun_) one.child.kill();
}

bool SystemCommands::installed(const std::string& program) {
  return find_program(program).has_value();
}

std::expected<CommandResult, std::string> SystemCommands::run(const std::vector<std::string>& argv,
                                                              std::string_view input) {
  std::erase_if(unreaped_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
  if (argv.empty()) return std::unexpected(std::string("no program named"));
  const auto ahead = std::ranges::find(begun_, argv, &Begun::argv);
  if (input.empty() && ahead != begun_.end()) {
    Child child = std::move(ahead->child);
    begun_.erase(ahead);
    return finish(child, argv.front());
  }
  auto child = Child::start(argv, input);
  if (!child) return std::unexpected(fmt::format("{}: {}", argv.front(), child.error()));
  return finish(*child, argv.front());
}

void SystemCommands::begin(const std::vector<std::string>& argv) {
  if (argv.empty() || std::ranges::find(begun_, argv, &Begun::argv) != begun_.end()) return;
  // What cannot be started is not: `run` says why.
  if (auto child = Child::start(argv, {})) begun_.push_back({argv, std::move(*child)});
}

void SystemCommands::drop(const std::vector<std::string>& argv) {
  const auto ahead = std::ranges::find(begun_, argv, &Begun::argv);
  if (ahead == begun_.end()) return;
  if (!ahead->child.kill()) unreaped_.push_back(ahead->child.pid());
  begun_.erase(ahead);
}

std::expected<CommandResult, std::string> SystemCommands::finish(Child& child, const std::string& program) {
  auto result = child.finish(limit_);
  if (result) return result;
  if (!child.kill()) unreaped_.push_back(child.pid());
  return std::unexpected(fmt::format("{}: {}", program, result.error()));
}

}  // namespace nld::net
