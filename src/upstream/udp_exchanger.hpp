// Exchanges over UDP with one upstream: a pool of sockets with ever changing ports and ids (RFC 5452).
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/task.hpp"
#include "upstream/exchange.hpp"
#include "upstream/udp_outbox.hpp"

namespace nld::upstream {

/// Queries go over sockets picked at random. An answer is taken only from the address asked, with the
/// id and the question asked; anything else is counted and the wait goes on. Truncated answers are returned
/// as they are.
class UdpExchanger {
 public:
  UdpExchanger(boost::asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
               const runtime::SocketAddress& remote, const std::optional<runtime::SocketAddress>& source,
               std::shared_ptr<TransportMetrics> metrics);
  UdpExchanger(const UdpExchanger&) = delete;
  UdpExchanger& operator=(const UdpExchanger&) = delete;
  ~UdpExchanger();

  runtime::Task<ExchangeResult> exchange(const Question& question, runtime::TimePoint deadline);
  void close() noexcept;

  static constexpr std::size_t kSockets = 16;
  static constexpr std::size_t kMaxOutstanding = 4096;

 private:
  std::expected<std::shared_ptr<UdpSocket>, ExchangeError> pick();
  void retire(std::shared_ptr<UdpSocket>& socket);
  void sweep_later();

  boost::asio::io_context* loop_;
  runtime::Clock* clock_;
  runtime::Random* random_;
  runtime::SocketAddress remote_;
  std::optional<runtime::SocketAddress> source_;
  std::shared_ptr<TransportMetrics> metrics_;
  std::shared_ptr<UdpOutbox> outbox_;
  std::shared_ptr<ReceiveBatch> batch_;
  std::array<std::shared_ptr<UdpSocket>, kSockets> sockets_;
  std::vector<std::weak_ptr<UdpSocket>> retired_;  // some queries may still wait on them
  std::size_t outstanding_ = 0;
  runtime::Timer sweep_;
};

}  // namespace nld::upstream
