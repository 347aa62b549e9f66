// HTTP/1.0, so that the answer is never chunked and ends with the connection.
#include "net/kube_proxy/http_get.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "runtime/descriptor.hpp"
#include "runtime/socket_address.hpp"

namespace nld::net {
namespace {

using Clock = std::chrono::steady_clock;

class LocalConnection {
 public:
  LocalConnection(const runtime::SocketAddress& server, Clock::time_point deadline)
      : fd_(::socket(server.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
        deadline_(deadline) {
    const bool begun = ::connect(fd_.get(), server.native(), server.native_size()) == 0;
    if (!begun && (errno != EINPROGRESS || !ready(POLLOUT) || error() != 0)) fd_ = runtime::Descriptor();
  }
  [[nodiscard]] bool is_open() const noexcept { return fd_.is_open(); }

  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        text.remove_prefix(static_cast<std::size_t>(sent));
      } else if (!try_again() || !ready(POLLOUT)) {
        return false;
      }
    }
    return true;
  }

  /// 0 at the end, negative when out of time or broken.
  ssize_t receive(std::array<char, 16384>& into) {
    while (ready(POLLIN)) {
      const ssize_t got = ::recv(fd_.get(), into.data(), into.size(), 0);
      if (got >= 0 || !try_again()) return got;
    }
    return -1;
  }

 private:
  static bool try_again() noexcept { return errno == EAGAIN || errno == EINTR; }

  /// False when the time is up first.
  [[nodiscard]] bool ready(short events) const noexcept {
    pollfd one{.fd = fd_.get(), .events = events, .revents = 0};
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
      if (left <= 0) return false;
      const int found = ::poll(&one, 1, static_cast<int>(left));
      if (found > 0) return true;
      if (found < 0 && errno != EINTR) return false;
    }
  }
  [[nodiscard]] int error() const noexcept {
    int value = 0;
    socklen_t size = sizeof(value);
    return ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &value, &size) == 0 ? value : errno;
  }

  runtime::Descriptor fd_;
  Clock::time_point deadline_;
};

LocalConnection connect_locally(std::uint16_t port, Clock::time_point deadline) {
  LocalConnection v4(*runtime::SocketAddress::from_ip("127.0.0.1", port), deadline);
  if (v4.is_open()) return v4;
  return {*runtime::SocketAddress::from_ip("::1", port), deadline};
}

bool is_ok(std::string_view head) noexcept {
  constexpr std::string_view kVersion = "HTTP/1.x ";
  return head.starts_with("HTTP/1.") &&
         head.substr(std::min(kVersion.size(), head.size())).starts_with("200");
}

}  // namespace

bool http_get(std::uint16_t port, std::string_view path, GetLimits limits,
              const std::function<bool(std::string_view piece)>& body) {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  LocalConnection connection = connect_locally(port, Clock::now() + limits.time);
  if (!connection.is_open()) return false;
  if (!connection.send(fmt::format("GET {} HTTP/1.0\r\nHost: localhost\r\nAccept: */*\r\n\r\n", path))) {
    return false;
  }

  std::string head;
  bool in_body = false;
  std::array<char, 16384> piece;
  for (std::size_t total = 0; total <= limits.bytes;) {
    const ssize_t got = connection.receive(piece);
    if (got <= 0) return got == 0 && in_body;
    total += static_cast<std::size_t>(got);
    if (total > limits.bytes) break;
    std::string_view text(piece.data(), static_cast<std::size_t>(got));
    if (!in_body) {
      head += text;
      const std::size_t end = head.find(kHeadEnd);
      if (end == std::string::npos) continue;
      if (!is_ok(head)) return false;
      in_body = true;
      text = std::string_view(head).substr(end + kHeadEnd.size());
    }
    if (!text.empty() && !body(text)) return true;
  }
  return false;
}

}  // namespace nld::net
