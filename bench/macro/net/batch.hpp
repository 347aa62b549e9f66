// Up to 64 datagrams that one recvmmsg takes and one sendmmsg gives back.
#pragma once

#include <sys/socket.h>

#include <array>
#include <span>
#include <vector>

#include "response.hpp"
#include "sockets.hpp"

namespace bench {

constexpr std::size_t kMaxDatagram = 1500;

class Batch {
 public:
  static constexpr std::size_t kSize = 64;

  Batch() : buffers_(kSize) {}

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool full() const { return count_ == kSize; }
  void clear() { count_ = 0; }

  [[nodiscard]] std::span<std::uint8_t> message(std::size_t index) {
    return std::span(buffers_[index]).first(vectors_[index].iov_len);
  }
  [[nodiscard]] sockaddr_in& peer(std::size_t index) { return peers_[index]; }

  /// Replaces the batch by what the socket holds.
  void receive(const Descriptor& fd) {
    for (std::size_t i = 0; i < kSize; ++i) prepare(i, kMaxDatagram, true);
    const int got = ::recvmmsg(fd.get(), headers_.data(), kSize, MSG_DONTWAIT, nullptr);
    count_ = got < 0 ? 0U : static_cast<std::size_t>(got);
    for (std::size_t i = 0; i < count_; ++i) vectors_[i].iov_len = headers_[i].msg_len;
  }

  void mark_responses() {
    for (std::size_t i = 0; i < count_; ++i) mark_response(message(i));
  }

  /// The buffer of one more message, which counts once commit() says how long it is.
  [[nodiscard]] std::span<std::uint8_t> next() { return buffers_[count_]; }
  void commit(std::size_t size, const sockaddr_in& peer) {
    peers_[count_] = peer;
    vectors_[count_].iov_len = size;
    ++count_;
  }

  /// Sends all, to their peers or, through a connected socket, to its one; what the kernel refuses is lost.
  void send(const Descriptor& fd, bool connected = false) {
    for (std::size_t i = 0; i < count_; ++i) prepare(i, vectors_[i].iov_len, !connected);
    for (std::size_t sent = 0; sent < count_;) {
      const int done = ::sendmmsg(fd.get(), &headers_[sent], static_cast<unsigned>(count_ - sent), 0);
      // Refused: the peer of this one is gone. Again with the next.
      sent += done <= 0 ? 1U : static_cast<std::size_t>(done);
    }
  }

 private:
  void prepare(std::size_t index, std::size_t size, bool named) {
    vectors_[index] = {buffers_[index].data(), size};
    auto& header = headers_[index].msg_hdr;
    header = {};
    header.msg_iov = &vectors_[index];
    header.msg_iovlen = 1;
    if (named) {
      header.msg_name = &peers_[index];
      header.msg_namelen = sizeof(sockaddr_in);
    }
  }

  std::vector<std::array<std::uint8_t, kMaxDatagram>> buffers_;
  std::array<sockaddr_in, kSize> peers_{};
  std::array<iovec, kSize> vectors_{};
  std::array<mmsghdr, kSize> headers_{};
  std::size_t count_ = 0;
};

}  // namespace bench
