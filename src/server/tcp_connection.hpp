// One client's connection, TCP or TLS over it: pipelined queries, answers in the order they become ready
// (RFC 7766, RFC 7858).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "server/query_handler.hpp"
#include "tls/stream.hpp"

namespace nld::server {

struct TlsCounters {
  metrics::Counter& full;     ///< handshakes with certificates
  metrics::Counter& resumed;  ///< and with a ticket
  metrics::Counter& failed;
};

/// Bounds: queries in flight, octets waiting to be sent, idle time, time for a handshake. A client that sends
/// and never reads is closed when its send queue is full.
class TcpConnection final : public ReplySink, public std::enable_shared_from_this<TcpConnection> {
 public:
  struct Limits {
    std::size_t in_flight = 256;
    std::size_t unsent_octets = 1U << 20U;
    std::chrono::milliseconds idle = std::chrono::seconds(10);      ///< CoreDNS's figure
    std::chrono::milliseconds handshake = std::chrono::seconds(3);  ///< and its read timeout
    std::optional<std::chrono::milliseconds> read{};   ///< for a whole query; none: `idle` alone counts
    std::optional<std::chrono::milliseconds> write{};  ///< for replies to leave
    std::optional<std::uint32_t> queries{};            ///< after so many it closes
  };

  TcpConnection(WorkerQueries& queries, boost::asio::ip::tcp::socket socket,
                const runtime::SocketAddress& client, const runtime::SocketAddress& local,
                std::shared_ptr<QueryHandler> handler, Limits limits, std::function<void()> on_close);
  ~TcpConnection() override;

  void start();
  /// TLS, beginning with a handshake.
  void start(std::shared_ptr<const tls::ServerContext> context, const TlsCounters& counters);
  /// Stops reading; closes once the queries in flight are answered.
  void drain();
  void close();
  [[nodiscard]] runtime::TimePoint last_activity() const noexcept { return last_activity_; }
  [[nodiscard]] bool idle() const noexcept { return in_flight_ == 0 && sending_.empty() && to_send_.empty(); }

  void deliver(dns::Bytes reply, const runtime::SocketAddress& client,
               const runtime::SocketAddress& local) override;

 private:
  void on_handshake(boost::system::error_code error, const TlsCounters& counters);
  void read();
  void on_read(boost::system::error_code error, std::size_t got);
  void take_messages();
  void answer(dns::Bytes message);
  void append(dns::Bytes reply);
  void send();
  void arm_idle_timer();
  void finish_if_done();
  [[nodiscard]] bool too_slow(runtime::TimePoint now) const noexcept;

  static constexpr std::size_t kReadSize = 4096;

  WorkerQueries& queries_;
  tls::Stream stream_;
  runtime::SocketAddress client_;
  runtime::SocketAddress local_;
  std::shared_ptr<QueryHandler> handler_;
  Limits limits_;
  std::function<void()> on_close_;
  std::vector<std::uint8_t> received_;  ///< octets not yet taken; grows to one whole message at most
  std::size_t received_size_ = 0;
  std::vector<std::uint8_t> to_send_;
  std::vector<std::uint8_t> sending_;
  std::size_t in_flight_ = 0;
  std::uint32_t asked_ = 0;
  runtime::TimePoint reading_since_{};  // of the query that stands in `received_` in part
  runtime::TimePoint sending_since_{};
  runtime::TimePoint last_activity_;
  runtime::Timer idle_timer_;
  bool reading_ = false;
  bool draining_ = false;
  bool shaking_ = false;  // the handshake goes on
};

}  // namespace nld::server
