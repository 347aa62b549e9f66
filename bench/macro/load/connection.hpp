// The load generator's connections: UDP in batches, TCP pipelined and opened again when the server closes it.
#pragma once

#include <poll.h>

#include <array>
#include <utility>

#include "../net/sockets.hpp"
#include "run.hpp"

namespace load {

constexpr std::size_t kMaxMessage = 1500;
constexpr std::chrono::milliseconds kLost{500};  // a query unanswered for that long counts as lost

inline bench::Descriptor connect_to(const Settings& settings) {
  return bench::connect_to(settings.tcp ? SOCK_STREAM : SOCK_DGRAM,
                           bench::address(settings.server, settings.port));
}

class UdpConnection {
 public:
  explicit UdpConnection(Run& run)
      : run_(run), fd_(connect_to(run.settings())), outstanding_(run.settings().window) {
    const auto window = run.settings().window;
    buffers_.resize(window);
    vectors_.resize(window);
    messages_.resize(window);
  }

  [[nodiscard]] pollfd wanted() const { return {fd_.get(), POLLIN, 0}; }

  void receive(Clock::time_point now) {
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      vectors_[i] = {buffers_[i].data(), buffers_[i].size()};
      messages_[i] = {};
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = ::recvmmsg(fd_.get(), messages_.data(), static_cast<unsigned>(messages_.size()),
                                 MSG_DONTWAIT, nullptr);
    for (std::size_t i = 0; std::cmp_less(i, count); ++i) {
      run_.settle(outstanding_, std::span(buffers_[i]).first(messages_[i].msg_len), now);
    }
  }

  void send(Clock::time_point now) {
    std::size_t count = 0;
    while (!outstanding_.full() && count < messages_.size()) {
      const auto number = run_.next(now);
      if (!number) break;
      const auto query = run_.questions()[*number];
      auto& buffer = buffers_[count];
      std::memcpy(buffer.data(), query.data(), query.size());
      const auto id = outstanding_.take(*number, now);
      buffer[0] = static_cast<std::uint8_t>(id >> 8U);
      buffer[1] = static_cast<std::uint8_t>(id & 0xFFU);
      vectors_[count] = {buffer.data(), query.size()};
      messages_[count] = {};
      messages_[count].msg_hdr.msg_iov = &vectors_[count];
      messages_[count].msg_hdr.msg_iovlen = 1;
      ++count;
    }
    // What the kernel refuses stays outstanding and is counted as lost when its time is up.
    for (std::size_t sent = 0; sent < count;) {
      const int done = ::sendmmsg(fd_.get(), &messages_[sent], static_cast<unsigned>(count - sent), 0);
      if (done <= 0) break;
      sent += static_cast<std::size_t>(done);
    }
  }

  void expire(Clock::time_point now) { run_.lose(outstanding_.expire(now - kLost)); }

 private:
  Run& run_;
  bench::Descriptor fd_;
  Outstanding outstanding_;
  std::vector<std::array<std::uint8_t, kMaxMessage>> buffers_;
  std::vector<iovec> vectors_;
  std::vector<mmsghdr> messages_;
};

class TcpConnection {
 public:
  explicit TcpConnection(Run& run)
      : run_(run), fd_(connect_to(run.settings())), outstanding_(run.settings().window) {
    input_.resize(std::size_t{64} * 1024);
  }

  [[nodiscard]] pollfd wanted() const {
    return {fd_.get(), static_cast<short>(output_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
  }

  void receive(Clock::time_point now) {
    const auto room = std::span(input_).subspan(filled_);
    const auto got = ::recv(fd_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
      reconnect();
      return;
    }
    if (got < 0) return;
    filled_ += static_cast<std::size_t>(got);
    std::size_t at = 0;
    while (filled_ - at >= 2) {
      const auto size = static_cast<std::size_t>(input_[at] << 8U | input_[at + 1]);
      if (filled_ - at - 2 < size) break;
      run_.settle(outstanding_, std::span(input_).subspan(at + 2, size), now);
      at += 2 + size;
    }
    std::memmove(input_.data(), input_.data() + at, filled_ - at);
    filled_ -= at;
    if (filled_ == input_.size()) reconnect();  // one message longer than the buffer: not ours
  }

  void send(Clock::time_point now) {
    while (!outstanding_.full()) {
      const auto number = run_.next(now);
      if (!number) break;
      const auto query = run_.questions()[*number];
      const auto id = outstanding_.take(*number, now);
      output_.push_back(static_cast<std::uint8_t>(query.size() >> 8U));
      output_.push_back(static_cast<std::uint8_t>(query.size() & 0xFFU));
      output_.push_back(static_cast<std::uint8_t>(id >> 8U));
      output_.push_back(static_cast<std::uint8_t>(id & 0xFFU));
      output_.insert(output_.end(), query.begin() + 2, query.end());
    }
    if (output_.empty()) return;
    const auto sent = ::send(fd_.get(), output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      reconnect();
    } else if (sent > 0) {
      output_.erase(output_.begin(), output_.begin() + sent);
    }
  }

  void expire(Clock::time_point now) { run_.lose(outstanding_.expire(now - kLost)); }

 private:
  void reconnect() {
    run_.resend(outstanding_.drop_all());
    fd_ = connect_to(run_.settings());
    output_.clear();
    filled_ = 0;
  }

  Run& run_;
  bench::Descriptor fd_;
  Outstanding outstanding_;
  std::vector<std::uint8_t> input_;
  std::size_t filled_ = 0;
  std::vector<std::uint8_t> output_;
};

}  // namespace load
