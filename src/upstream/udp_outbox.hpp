// The queries that one turn of the loop asks an upstream over UDP: one socket, one system call.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "upstream/datagram_batch.hpp"
#include "upstream/udp_socket.hpp"

namespace nld::upstream {

/// Misses come in batches, as the queries of the clients do. Those of one turn share a socket that was drawn
/// at random, which tells an attacker no more than a draw for each would: he sees neither (RFC 5452 §9.2).
class UdpOutbox : public std::enable_shared_from_this<UdpOutbox> {
 public:
  explicit UdpOutbox(boost::asio::io_context& loop) noexcept : loop_(&loop) {}

  /// The socket of this turn's queries; null when there are none yet.
  [[nodiscard]] const std::shared_ptr<UdpSocket>& socket() const noexcept { return socket_; }
  /// Sends it in the loop's next turn, or as soon as the batch is full or another socket is used. `id`: as
  /// `socket` gave it.
  void add(const std::shared_ptr<UdpSocket>& socket, std::uint16_t id, dns::Bytes message);
  void flush();

 private:
  boost::asio::io_context* loop_;
  std::shared_ptr<UdpSocket> socket_;
  SendBatch batch_;
};

}  // namespace nld::upstream
