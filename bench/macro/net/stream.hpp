// A TCP connection that carries DNS messages behind their lengths (RFC 1035, 4.2.2): batched reads and
// writes.
#pragma once

#include <span>
#include <vector>

#include "sockets.hpp"

namespace bench {

class Stream {
 public:
  explicit Stream(Descriptor fd) : fd_(std::move(fd)), input_(std::size_t{128} * 1024) {}

  [[nodiscard]] const Descriptor& descriptor() const { return fd_; }

  /// One read; gives every whole message to `use`, valid until it returns. False: the connection is over.
  template <typename Use>
  bool receive(Use&& use) {
    const auto room = std::span(input_).subspan(filled_);
    const auto got = ::recv(fd_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    filled_ += static_cast<std::size_t>(got);
    std::size_t at = 0;
    while (filled_ - at >= 2) {
      const auto size = static_cast<std::size_t>(input_[at] << 8U | input_[at + 1]);
      if (filled_ - at - 2 < size) break;
      use(std::span(input_).subspan(at + 2, size));
      at += 2 + size;
    }
    // A message is shorter than the buffer, so there is always room for the rest of one.
    std::memmove(input_.data(), input_.data() + at, filled_ - at);
    filled_ -= at;
    return true;
  }

  void put(std::span<const std::uint8_t> message) {
    output_.push_back(static_cast<std::uint8_t>(message.size() >> 8U));
    output_.push_back(static_cast<std::uint8_t>(message.size() & 0xFFU));
    output_.insert(output_.end(), message.begin(), message.end());
  }

  /// One write of all that was put. False: the connection is over.
  bool flush() {
    if (output_.empty()) return true;
    const auto sent = ::send(fd_.get(), output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    output_.erase(output_.begin(), output_.begin() + sent);
    return true;
  }
  [[nodiscard]] bool unsent() const { return !output_.empty(); }

 private:
  Descriptor fd_;
  std::vector<std::uint8_t> input_;
  std::size_t filled_ = 0;
  std::vector<std::uint8_t> output_;
};

}  // namespace bench
