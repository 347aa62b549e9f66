// One worker's listening TCP socket on one address, for plain DNS or TLS, and the connections it accepted.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <list>
#include <memory>
#include <optional>

#include "server/socket.hpp"
#include "server/tcp_connection.hpp"

namespace nld::server {

struct TcpCounters {
  metrics::Counter& accepted;
  metrics::Counter& evicted;
};

struct TlsService {
  std::shared_ptr<const tls::ServerContext> context;
  TlsCounters counters;
};

/// At most kMaxConnections; a further client takes the place of the connection that is idle longest, and is
/// turned away when none is idle.
class TcpListener : public std::enable_shared_from_this<TcpListener> {
 public:
  static constexpr std::size_t kMaxConnections = 1024;

  TcpListener(WorkerQueries& queries, const runtime::SocketAddress& address, runtime::Descriptor socket,
              std::shared_ptr<QueryHandler> handler, TcpCounters counters, std::optional<TlsService> tls);

  void start();
  /// For connections to come.
  void set_limits(const TcpConnection::Limits& limits) noexcept { limits_ = limits; }
  /// For connections to come. One of equal settings changes nothing, so that clients' tickets stay good.
  void set_context(const std::shared_ptr<const tls::ServerContext>& context) noexcept;
  /// Accepts what stands in the kernel's queue, then no more; connections end when they are answered.
  void drain();
  void close_all();
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }

 private:
  void accept();
  void take(boost::asio::ip::tcp::socket socket);
  bool make_room();

  WorkerQueries& queries_;
  runtime::SocketAddress address_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::shared_ptr<QueryHandler> handler_;
  TcpCounters counters_;
  TcpConnection::Limits limits_;
  std::optional<TlsService> tls_;
  std::list<std::shared_ptr<TcpConnection>> connections_;
  runtime::Timer retry_;
};

}  // namespace nld::server
