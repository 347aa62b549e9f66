// Buffers for one recvmmsg/sendmmsg round: 64 packets in, up to 64 replies out, addresses and control data.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>

#include "server/render.hpp"

namespace nld::server {

/// Reused for ever: the hot path allocates nothing. About 400 KiB of address space a listener, of which
/// only the pages that traffic touches become resident.
class UdpBatch {
 public:
  static constexpr std::size_t kPackets = 64;
  /// A query with every EDNS option in use fits; a longer one is malformed for us (kernel cuts it).
  static constexpr std::size_t kQuerySize = 2048;

  explicit UdpBatch(const runtime::SocketAddress& listener);

  /// Receives what waits, at most kPackets; 0 when there is nothing (or an error: errno tells).
  std::size_t receive(int descriptor) noexcept;
  [[nodiscard]] dns::Bytes packet(std::size_t at) const noexcept;
  [[nodiscard]] bool cut(std::size_t at) const noexcept;  ///< longer than kQuerySize
  [[nodiscard]] runtime::SocketAddress client(std::size_t at) const noexcept;
  /// The address the packet was sent to: the listener's own, or from the control data of a wildcard socket.
  [[nodiscard]] runtime::SocketAddress local(std::size_t at) const noexcept;

  /// Where the next reply goes; queue it with `queue_reply`, then `send` all.
  [[nodiscard]] dns::MutableBytes reply_space() noexcept;
  void queue_reply(std::size_t size, const runtime::SocketAddress& client,
                   const runtime::SocketAddress& local) noexcept;
  [[nodiscard]] std::size_t queued() const noexcept { return queued_; }
  /// Sends the queued replies; returns how many the kernel did not take.
  std::size_t send(int descriptor) noexcept;

 private:
  static constexpr std::size_t kControlSize = 64;
  struct Buffers;
  struct BuffersDelete {
    void operator()(Buffers* buffers) const noexcept;
  };
  void set_source(msghdr& header, std::size_t at, const runtime::SocketAddress& local) noexcept;

  runtime::SocketAddress listener_;
  bool wildcard_;
  std::size_t queued_ = 0;
  std::unique_ptr<Buffers, BuffersDelete> buffers_;
};

}  // namespace nld::server
