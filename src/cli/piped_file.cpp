// poll(2) and read(2) until the end, the bound or the deadline.
#include "cli/piped_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <system_error>

#include "corefile/limits.hpp"
#include "runtime/descriptor.hpp"

namespace nld::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Text = std::expected<std::string, std::string>;

/// The number of a descriptor that we have already: standard input, or a shell's `<(command)`.
std::optional<int> open_descriptor(const std::filesystem::path& path) {
  if (path == "/dev/stdin") return STDIN_FILENO;
  const auto folder = path.parent_path();
  if (folder != "/dev/fd" && folder != "/proc/self/fd") return std::nullopt;
  const std::string name = path.filename();
  int number = -1;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failed != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

Text read_stream(int stream, std::chrono::milliseconds patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  std::string text;
  std::array<char, 16384> chunk{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting{.fd = stream, .events = POLLIN, .revents = 0};
    const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      return std::unexpected("no end of the text within " + std::to_string(patience.count()) + " ms");
    }
    const ssize_t size = ::read(stream, chunk.data(), chunk.size());
    if (size == 0) return text;
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return std::unexpected(std::generic_category().message(errno));
    text.append(chunk.data(), static_cast<std::size_t>(size));
    if (text.size() > corefile::kMaxFileSize) {
      return std::unexpected("is larger than " + std::to_string(corefile::kMaxFileSize >> 20U) + " MiB");
    }
  }
}

Text read_piped(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  // Not opened anew: a socket cannot be, and the writer of a pipe may have ended already.
  if (const auto number = open_descriptor(path)) return read_stream(*number, patience);
  // Opening a pipe waits for its writer, without a bound; like this it is poll that waits.
  const runtime::Descriptor stream(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!stream.is_open()) return std::unexpected(std::generic_category().message(errno));
  return read_stream(stream.get(), patience);
}

}  // namespace

bool is_piped(const std::filesystem::path& path) {
  if (path.empty()) return false;
  std::error_code ignored;
  const auto type = std::filesystem::status(path, ignored).type();
  using Type = std::filesystem::file_type;
  return path == "/dev/stdin" || type == Type::fifo || type == Type::character || type == Type::socket;
}

corefile::Surroundings with_piped_file(corefile::Surroundings surroundings, const std::filesystem::path& path,
                                       std::chrono::milliseconds patience) {
  auto known = std::make_shared<std::optional<Text>>();
  surroundings.read_file = [before = std::move(surroundings.read_file), path, patience,
                            known](const std::filesystem::path& wanted) -> Text {
    if (wanted != path) return before(wanted);
    if (!*known) *known = read_piped(path, patience);
    return **known;
  };
  return surroundings;
}

}  // namespace nld::cli
