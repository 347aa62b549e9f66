// One worker's UDP socket on one listen address: batches in, batches out.
#pragma once

#include <boost/asio/ip/udp.hpp>
#include <memory>

#include "server/query_handler.hpp"
#include "server/socket.hpp"
#include "server/udp_batch.hpp"

namespace nld::server {

class UdpListener final : public ReplySink, public std::enable_shared_from_this<UdpListener> {
 public:
  UdpListener(WorkerQueries& queries, const runtime::SocketAddress& address, runtime::Descriptor socket,
              std::shared_ptr<QueryHandler> handler, metrics::Counter& unsent);

  void start();
  /// Takes no new packets, answers those in the socket's queue; replies that wait still leave later.
  void drain();
  void deliver(dns::Bytes reply, const runtime::SocketAddress& client,
               const runtime::SocketAddress& local) override;

 private:
  void wait();
  /// Serves, then lets the loop do its other work before the next turn.
  void take_turn();
  /// Reads and answers at most `batches` rounds; false when the queue is empty.
  bool serve(std::size_t batches);
  /// For the packets `from`… of a batch of `count`.
  void look_ahead(std::size_t from, std::size_t count) const noexcept;
  void flush();

  /// Packets whose memory is asked for at one time: as many as memory serves at one time, or more, and all of
  /// it still in the nearest cache when its turn comes.
  static constexpr std::size_t kLookAhead = 16;
  /// Rounds before other work of the loop (TCP, upstream answers, timers) gets its turn: 512 queries, about a
  /// millisecond. Each turn costs an epoll_wait.
  static constexpr std::size_t kRounds = 8;

  WorkerQueries& queries_;
  runtime::SocketAddress address_;
  boost::asio::ip::udp::socket socket_;
  std::shared_ptr<QueryHandler> handler_;
  metrics::Counter& unsent_;
  UdpBatch batch_;
  bool flush_posted_ = false;
  bool draining_ = false;
};

}  // namespace nld::server
