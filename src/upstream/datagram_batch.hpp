// What one recvmmsg(2) brings and one sendmmsg(2) takes, on a connected socket.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <expected>
#include <vector>

#include "dns/wire.hpp"

namespace nld::upstream {

/// Shared by the sockets of an upstream: they receive one after another.
class ReceiveBatch {
 public:
  ReceiveBatch() noexcept;
  /// Datagrams received, or the errno.
  std::expected<std::size_t, int> receive(int socket) noexcept;
  [[nodiscard]] dns::Bytes datagram(std::size_t index) const noexcept {
    return dns::Bytes(storage_[index]).first(headers_[index].msg_len);
  }
  [[nodiscard]] bool cut(std::size_t index) const noexcept {
    return (headers_[index].msg_hdr.msg_flags & MSG_TRUNC) != 0;
  }

  static constexpr std::size_t kDatagrams = 32;

 private:
  static constexpr std::size_t kDatagramSize =
      4096;  // we ask for 1232; more comes from those who ignore that
  std::array<std::array<std::uint8_t, kDatagramSize>, kDatagrams> storage_;
  std::array<iovec, kDatagrams> pieces_{};
  std::array<mmsghdr, kDatagrams> headers_{};
};

/// Bounded by kDatagrams.
class SendBatch {
 public:
  /// Pre-condition: not full.
  void add(std::uint16_t id, dns::Bytes message);
  [[nodiscard]] bool full() const noexcept { return count_ == kDatagrams; }

  struct Unsent {
    std::uint16_t id;
    int error;  ///< errno
  };
  /// Sends all by a connected socket; empty afterwards. What the kernel did not take.
  [[nodiscard]] std::vector<Unsent> send(int socket);
  void clear() noexcept {
    octets_.clear();
    count_ = 0;
  }

  static constexpr std::size_t kDatagrams = 64;

 private:
  std::vector<std::uint8_t> octets_;  // the messages, one after another
  std::array<std::size_t, kDatagrams> ends_{};
  std::size_t count_ = 0;
};

}  // namespace nld::upstream
