// One pipelined connection to an upstream, TCP or TLS over it, and the queries outstanding on it (RFC 7766
// §6.2.1.1, RFC 7858 §3.3).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/clock.hpp"
#include "tls/stream.hpp"
#include "upstream/error_text.hpp"
#include "upstream/outstanding.hpp"
#include "upstream/transport_metrics.hpp"

namespace nld::upstream {

/// Queries are gathered while a write is under way and go out as one; answers come in any order. Closes when
/// it has been idle for `expire`, when the peer closes it, or on a frame that is no DNS.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  struct Settings {
    runtime::SocketAddress remote;
    std::optional<runtime::SocketAddress> source;
    runtime::Duration expire{};
    std::optional<tls::Peer> tls{};             ///< none: plain TCP
    std::shared_ptr<tls::Sessions> sessions{};  ///< to resume, and to keep new ones in
  };
  /// Starts connecting; queries may be sent at once.
  static std::expected<std::shared_ptr<TcpConnection>, ExchangeError> open(
      boost::asio::io_context& loop, runtime::Clock& clock, const Settings& settings,
      std::shared_ptr<TransportMetrics> metrics);
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;
  ~TcpConnection();

  std::expected<std::uint16_t, ExchangeError> send(runtime::Random& random, const Question& question,
                                                   Completion& done);
  void forget(std::uint16_t id, const Completion& done) noexcept;
  /// A query sent at `sent` got no answer in time: with nothing else heard since, the path is taken for dead
  /// and no new query uses it.
  void timed_out(runtime::TimePoint sent) noexcept;
  void close(const ExchangeError& error) noexcept;

  [[nodiscard]] bool usable() const noexcept { return state_ != State::closed && !retired_; }
  [[nodiscard]] bool closed() const noexcept { return state_ == State::closed; }
  [[nodiscard]] bool connecting() const noexcept { return state_ == State::connecting; }
  [[nodiscard]] bool idle() const noexcept { return state_ == State::open && outstanding_.empty(); }
  /// Whether it has proved to work: a peer that closes such a connection has not refused the query.
  [[nodiscard]] bool proven() const noexcept { return answers_ > 0; }
  [[nodiscard]] std::size_t outstanding() const noexcept { return outstanding_.size(); }
  /// What "no answer in time" means for a query on it now.
  [[nodiscard]] ExchangeError timeout_text() const;

  /// Where the queries of this connection go when it was closed: one fresh connection for all of them.
  std::weak_ptr<TcpConnection> successor;

  static constexpr std::size_t kMaxOutstanding = 512;
  static constexpr std::size_t kMaxQueuedOctets = std::size_t{1} << 20U;
  static constexpr std::chrono::seconds kDialTimeout{5};  ///< a handshake included

 private:
  enum class State : std::uint8_t { connecting, open, closed };
  TcpConnection(boost::asio::io_context& loop, runtime::Clock& clock, const Settings& settings,
                std::shared_ptr<TransportMetrics> metrics);
  void connect();
  void on_connected(boost::system::error_code error);
  void on_handshake(boost::system::error_code error);
  void opened();
  void read();
  void on_read(boost::system::error_code error, std::size_t octets);
  /// False when the connection had to be closed.
  bool take_frames();
  void flush_soon();
  void flush();
  void on_written(boost::system::error_code error);
  void rest_if_idle() noexcept;
  [[nodiscard]] ExchangeError error_of(std::string_view call, boost::system::error_code error) const;

  tls::Stream stream_;
  runtime::Clock* clock_;
  Settings settings_;
  std::shared_ptr<TransportMetrics> metrics_;
  Route route_;
  Outstanding outstanding_{kMaxOutstanding};
  State state_ = State::connecting;
  bool retired_ = false;
  std::uint64_t answers_ = 0;
  runtime::TimePoint last_heard_;
  runtime::Timer timer_;  // of the dial, then of the idle time

  bool flush_posted_ = false;
  std::vector<std::uint8_t> queued_;   // frames to write next
  std::vector<std::uint8_t> writing_;  // frames being written
  std::vector<std::uint8_t> buffer_;
  std::size_t filled_ = 0;
};

}  // namespace nld::upstream
