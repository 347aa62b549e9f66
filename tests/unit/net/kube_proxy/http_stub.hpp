// A server on loopback that answers one connection with given bytes, and records the request.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>

#include "runtime/descriptor.hpp"
#include "runtime/socket_address.hpp"

namespace nld::net {

class HttpStub {
 public:
  enum class Afterwards : std::uint8_t { close, keep_open };

  explicit HttpStub(std::string answer, Afterwards afterwards = Afterwards::close,
                    const char* ip = "127.0.0.1")
      : answer_(std::move(answer)), afterwards_(afterwards) {
    auto address = runtime::SocketAddress::from_ip(ip, 0).value();
    listener_ =
        runtime::Descriptor(::socket(address.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    socklen_t size = address.native_size();
    if (::bind(listener_.get(), address.native(), size) != 0 || ::listen(listener_.get(), 4) != 0 ||
        ::getsockname(listener_.get(), address.native(), &size) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = address.port();
    thread_ = std::thread([this] { serve(); });
  }
  HttpStub(const HttpStub&) = delete;
  HttpStub& operator=(const HttpStub&) = delete;
  ~HttpStub() { finish(); }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// The first line of what was asked. Ends the serving.
  std::string request() {
    finish();
    return request_.substr(0, request_.find('\r'));
  }
  static std::string ok(const std::string& body) {
    return "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body;
  }

 private:
  void finish() {
    ::shutdown(listener_.get(), SHUT_RDWR);  // wakes accept
    if (thread_.joinable()) thread_.join();
  }

  void serve() {
    const runtime::Descriptor peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.is_open()) return;
    std::array<char, 4096> piece{};
    while (request_.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(peer.get(), piece.data(), piece.size(), 0);
      if (got <= 0) return;
      request_.append(piece.data(), static_cast<std::size_t>(got));
    }
    for (std::size_t sent = 0; sent < answer_.size();) {
      const ssize_t now = ::send(peer.get(), answer_.data() + sent, answer_.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) return;
      sent += static_cast<std::size_t>(now);
    }
    // Until the client gives up.
    if (afterwards_ == Afterwards::keep_open) static_cast<void>(::recv(peer.get(), piece.data(), 1, 0));
  }

  std::string answer_;
  Afterwards afterwards_;
  runtime::Descriptor listener_;
  std::uint16_t port_ = 0;
  std::string request_;
  std::thread thread_;
};

}  // namespace nld::net
