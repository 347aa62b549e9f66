// Opens a listening TCP socket the way every socket of the program is opened.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "runtime/socket_address.hpp"

namespace nld::http {

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct ListeningSocket {
  Descriptor fd;
  runtime::SocketAddress local;
};

/// Non-blocking, close-on-exec, SO_REUSEADDR, SO_REUSEPORT, freebind; see Listener::open.
std::expected<ListeningSocket, std::string> open_listening_socket(const runtime::SocketAddress& address);

}  // namespace nld::http
