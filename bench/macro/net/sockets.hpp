// Sockets of the bench's own programs: owned descriptors, addresses, and the ways to open what they need.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

[[noreturn]] inline void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

template <typename Number>
Number number(std::string_view what, std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    throw std::invalid_argument(std::string(what) + ": not a number in its range: " + std::string(text));
  }
  return value;
}

inline sockaddr_in address(const std::string& host, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &result.sin_addr) != 1) {
    throw std::invalid_argument("not an IPv4 address: " + host);
  }
  return result;
}

/// "127.0.0.1:53"
inline sockaddr_in address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) throw std::invalid_argument("not ADDRESS:PORT: " + std::string(text));
  return address(std::string(text.substr(0, colon)),
                 number<std::uint16_t>("port", text.substr(colon + 1), 1, 65535));
}

inline Descriptor open_socket(int type) {
  Descriptor fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) fail("socket");
  const int on = 1;
  const int room = 4 << 20;
  if (type == SOCK_STREAM) {
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  } else {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  }
  return fd;
}

inline Descriptor connect_to(int type, const sockaddr_in& to) {
  auto fd = open_socket(type);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
  return fd;
}

inline Descriptor bind_to(int type, const sockaddr_in& local) {
  auto fd = open_socket(type);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) fail("bind");
  if (type == SOCK_STREAM && ::listen(fd.get(), 128) != 0) fail("listen");
  return fd;
}

}  // namespace bench
