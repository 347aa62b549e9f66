// One connected UDP socket to an upstream and the queries outstanding on it.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <expected>
#include <memory>
#include <optional>

#include "runtime/clock.hpp"
#include "upstream/error_text.hpp"
#include "upstream/outstanding.hpp"
#include "upstream/transport_metrics.hpp"

namespace nld::upstream {

/// Room for one recvmmsg(2), shared by the sockets of an upstream: they receive one after another.
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

  static constexpr std::size_t kDatagrams = 16;

 private:
  static constexpr std::size_t kDatagramSize =
      4096;  // we ask for 1232; more comes from those who ignore that
  std::array<std::array<std::uint8_t, kDatagramSize>, kDatagrams> storage_;
  std::array<iovec, kDatagrams> pieces_{};
  std::array<mmsghdr, kDatagrams> headers_{};
};

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

  /// Sends the question under a fresh id; `done` gets the answer.
  std::expected<std::uint16_t, ExchangeError> send(runtime::Random& random, const Question& question,
                                                   std::shared_ptr<Completion> done);
  void forget(std::uint16_t id, const Completion* done) noexcept;
  /// No new queries from now on.
  void retire() noexcept;
  void close(const ExchangeError& error) noexcept;

  /// Whether it has served long enough: a port that changes is a port that cannot be found out (RFC 5452
  /// §4.5).
  [[nodiscard]] bool worn(runtime::TimePoint now) const noexcept;
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
