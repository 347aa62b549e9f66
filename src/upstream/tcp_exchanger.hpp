// Exchanges over TCP or TLS with one upstream: a few persistent, pipelined connections (RFC 7766, RFC 9210).
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/task.hpp"
#include "upstream/exchange.hpp"
#include "upstream/tcp_connection.hpp"

namespace nld::upstream {

/// A query goes to the connection with the fewest outstanding; all busy, a new one is opened. When the peer
/// closes a connection that had worked before, its queries are asked once more over a fresh one. Sessions of
/// TLS outlive their connections here.
class TcpExchanger {
 public:
  TcpExchanger(boost::asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
               TcpConnection::Settings settings, std::size_t max_idle,
               std::shared_ptr<TransportMetrics> metrics);
  TcpExchanger(const TcpExchanger&) = delete;
  TcpExchanger& operator=(const TcpExchanger&) = delete;
  ~TcpExchanger();

  runtime::Task<ExchangeResult> exchange(const Question& question, runtime::TimePoint deadline);
  void close() noexcept;

  static constexpr std::size_t kMaxConnections = 8;
  /// After a failed handshake nobody knocks again for so long: it is dear to both, and no better a moment
  /// later.
  static constexpr std::chrono::milliseconds kHandshakePause{250};
  static constexpr std::size_t kBusy = 64;  ///< queries on every connection before another one is opened

 private:
  using ConnectionPtr = std::shared_ptr<TcpConnection>;
  std::expected<ConnectionPtr, ExchangeError> pick();
  std::expected<ConnectionPtr, ExchangeError> successor_of(TcpConnection& closed);
  std::expected<ConnectionPtr, ExchangeError> open();
  void note_failure(const ExchangeError& error);
  void close_surplus_idle();

  boost::asio::io_context* loop_;
  runtime::Clock* clock_;
  runtime::Random* random_;
  TcpConnection::Settings settings_;
  std::size_t max_idle_;  // 0: no limit but kMaxConnections
  std::shared_ptr<TransportMetrics> metrics_;
  std::vector<ConnectionPtr> connections_;
  std::optional<ExchangeError> handshake_failure_;  // the last one
  runtime::TimePoint no_handshake_before_;
};

}  // namespace nld::upstream
