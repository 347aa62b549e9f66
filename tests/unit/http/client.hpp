// A client on the same event loop as the server under test: what it sends and gets is plain text.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "runtime/socket_address.hpp"

namespace nld::http {

class Client {
 public:
  Client(boost::asio::io_context& loop, const runtime::SocketAddress& server)
      : loop_(loop), fd_(::socket(server.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // Over loopback the kernel completes the connection before the server accepts it.
    if (::connect(fd_, server.native(), server.native_size()) != 0)
      throw std::runtime_error("connect failed");
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(fd_); }

  void send(std::string_view text) const {
    static_cast<void>(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL));
  }

  /// Runs the loop until `end` has come, or the connection was closed; gives what came since the last call.
  std::string receive(std::string_view end = {}) {
    std::string text;
    constexpr int kIdleRounds = 1000;
    for (int round = 0; round < kIdleRounds && !closed_;) {
      std::array<char, 4096> piece;
      const ssize_t got = ::recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT);
      if (got > 0) {
        text.append(piece.data(), static_cast<std::size_t>(got));
        continue;
      }
      closed_ = got == 0 || (errno != EAGAIN && errno != EINTR);
      if (!end.empty() && text.find(end) != std::string::npos) return text;
      ++round;
      loop_.restart();
      loop_.run_one_for(std::chrono::milliseconds(10));
    }
    return text;
  }
  std::string exchange(std::string_view request, std::string_view end = {}) {
    send(request);
    return receive(end);
  }
  /// Known after a `receive` that ran into it.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  boost::asio::io_context& loop_;
  int fd_;
  bool closed_ = false;
};

}  // namespace nld::http
