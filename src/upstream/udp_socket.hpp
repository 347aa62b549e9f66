// One connected UDP socket to an upstream and the queries outstanding on it.
#pragma once

#include <boost/asio/ip/udp.hpp>
#include <expected>
#include <memory>
#include <optional>

#include "runtime/clock.hpp"
#include "upstream/datagram_batch.hpp"
#include "upstream/error_text.hpp"
#include "upstream/outstanding.hpp"
#include "upstream/transport_metrics.hpp"

namespace nld::upstream {

/// Stays open while anyone may still answer on it; closes once it is retired and nothing is outstanding.
class UdpSocket : public std::enable_shared_from_this<UdpSocket> {
 public:
  static std::expected<std::shared_ptr<UdpSocket>, ExchangeError> open(
      boost::asio::io_context& loop, const runtime::SocketAddress& remote,
      const std::optional<runtime::SocketAddress>& source, std::shared_ptr<ReceiveBatch> batch,
      std::shared_ptr<TransportMetrics> metrics, runtime::TimePoint now);
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  ~UdpSocket();

  /// Gives the question a fresh id, under which it must then be sent; `done` gets the answer.
  std::expected<std::uint16_t, ExchangeError> add(runtime::Random& random, const Question& question,
                                                  Completion& done);
  /// Sends queries that `add` has given their ids; `batch` is empty afterwards.
  void send(SendBatch& batch);
  void forget(std::uint16_t id, const Completion& done) noexcept;
  /// No new queries from now on.
  void retire() noexcept;
  void close(const ExchangeError& error) noexcept;

  /// Whether it has served long enough: a port that changes is a port that cannot be found out (RFC 5452
  /// §4.5).
  [[nodiscard]] bool worn(runtime::TimePoint now) const noexcept;
  [[nodiscard]] bool used_up() const noexcept { return uses_ >= kMaxUses; }
  [[nodiscard]] bool usable() const noexcept { return socket_.is_open() && !retired_; }
  [[nodiscard]] const Route& route() const noexcept { return route_; }

  static constexpr std::uint32_t kMaxUses = 256;
  static constexpr std::chrono::seconds kMaxAge{30};

 private:
  UdpSocket(boost::asio::io_context& loop, std::shared_ptr<ReceiveBatch> batch,
            std::shared_ptr<TransportMetrics> metrics, runtime::TimePoint now);
  void listen();
  void receive();
  void close_socket() noexcept;
  void close_if_done() noexcept;

  boost::asio::ip::udp::socket socket_;
  std::shared_ptr<ReceiveBatch> batch_;
  std::shared_ptr<TransportMetrics> metrics_;
  Route route_;
  Outstanding outstanding_{kMaxUses};
  runtime::TimePoint opened_;
  std::uint32_t uses_ = 0;
  bool retired_ = false;
};

}  // namespace nld::upstream
