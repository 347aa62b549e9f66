// The pool of connections of one upstream.
#include "upstream/tcp_exchanger.hpp"

#include <algorithm>

namespace nld::upstream {

namespace asio = boost::asio;

TcpExchanger::TcpExchanger(asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
                           TcpConnection::Settings settings, std::size_t max_idle,
                           std::shared_ptr<TransportMetrics> metrics)
    : loop_(&loop),
      clock_(&clock),
      random_(&random),
      settings_(std::move(settings)),
      max_idle_(max_idle),
      metrics_(std::move(metrics)) {
  if (settings_.tls) settings_.sessions = std::make_shared<tls::Sessions>();
}

TcpExchanger::~TcpExchanger() {
  close();
}

runtime::Task<ExchangeResult> TcpExchanger::exchange(const Question& question, runtime::TimePoint deadline) {
  auto picked = pick();
  for (bool again = false;; again = true) {
    if (!picked) co_return std::unexpected(picked.error());
    const ConnectionPtr connection = *picked;
    const bool was_open = !connection->connecting();
    const runtime::TimePoint sent = clock_->now();
    Completion done;
    const auto id = connection->send(*random_, question, done);
    if (!id) co_return std::unexpected(id.error());
    const Ticket<TcpConnection> ticket(connection, *id, done);
    std::optional<ExchangeResult> result = co_await done.wait(*clock_, deadline);
    if (!result) {
      connection->timed_out(sent);
      co_return std::unexpected(connection->timeout_text());
    }
    const bool closed_by_peer = !*result && result->error().kind == ExchangeError::Kind::closed;
    const bool refused_by_peer = !was_open && !connection->proven();
    if (!closed_by_peer || refused_by_peer || again || clock_->now() >= deadline) {
      close_surplus_idle();
      if (!*result && result->error().kind == ExchangeError::Kind::handshake) note_failure(result->error());
      co_return std::move(*result);
    }
    picked = successor_of(*connection);
  }
}

std::expected<TcpExchanger::ConnectionPtr, ExchangeError> TcpExchanger::pick() {
  const auto fewest = std::ranges::min_element(connections_, {}, [](const ConnectionPtr& connection) {
    return connection->usable() ? connection->outstanding() : TcpConnection::kMaxOutstanding;
  });
  const bool any = fewest != connections_.end() && (*fewest)->usable();
  if (any && (*fewest)->outstanding() < kBusy) {
    metrics_->stream.reused();
    return *fewest;
  }
  ConnectionPtr busy = any ? *fewest : nullptr;
  auto opened = open();
  if (opened || !busy) return opened;
  metrics_->stream.reused();
  return busy;
}

std::expected<TcpExchanger::ConnectionPtr, ExchangeError> TcpExchanger::successor_of(TcpConnection& closed) {
  if (auto found = closed.successor.lock(); found && found->usable()) {
    metrics_->stream.reused();
    return found;
  }
  auto opened = open();
  if (!opened) return pick();
  closed.successor = *opened;
  return opened;
}

std::expected<TcpExchanger::ConnectionPtr, ExchangeError> TcpExchanger::open() {
  if (handshake_failure_ && clock_->now() < no_handshake_before_) return std::unexpected(*handshake_failure_);
  std::erase_if(connections_, [](const ConnectionPtr& connection) { return connection->closed(); });
  if (connections_.size() >= kMaxConnections) {
    return std::unexpected(local_error(settings_.remote, "too many connections"));
  }
  auto opened = TcpConnection::open(*loop_, *clock_, settings_, metrics_);
  if (opened) connections_.push_back(*opened);
  return opened;
}

void TcpExchanger::note_failure(const ExchangeError& error) {
  // Of many queries on one connection the first counts: the others must not make the pause longer.
  if (handshake_failure_ && clock_->now() < no_handshake_before_) return;
  handshake_failure_ = error;
  no_handshake_before_ = clock_->now() + kHandshakePause;
}

void TcpExchanger::close_surplus_idle() {
  if (max_idle_ == 0) return;
  std::size_t idle = 0;
  for (const ConnectionPtr& connection : connections_) {
    if (connection->idle() && ++idle > max_idle_) {
      connection->close(local_error(settings_.remote, "too many idle connections"));
    }
  }
}

void TcpExchanger::close() noexcept {
  for (const ConnectionPtr& connection : connections_) {
    connection->close(local_error(settings_.remote, "transport stopped"));
  }
  connections_.clear();
}

}  // namespace nld::upstream
