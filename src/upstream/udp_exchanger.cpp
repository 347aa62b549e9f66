// The pool of UDP sockets of one upstream.
#include "upstream/udp_exchanger.hpp"

#include <algorithm>

#include "upstream/in_flight.hpp"

namespace nld::upstream {

namespace asio = boost::asio;

UdpExchanger::UdpExchanger(asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
                           const runtime::SocketAddress& remote,
                           const std::optional<runtime::SocketAddress>& source,
                           std::shared_ptr<TransportMetrics> metrics)
    : loop_(&loop),
      clock_(&clock),
      random_(&random),
      remote_(remote),
      source_(source),
      metrics_(std::move(metrics)),
      outbox_(std::make_shared<UdpOutbox>(loop)) {}

UdpExchanger::~UdpExchanger() {
  close();
}

runtime::Task<ExchangeResult> UdpExchanger::exchange(const Question& question, runtime::TimePoint deadline) {
  if (outstanding_ >= kMaxOutstanding) {
    co_return std::unexpected(local_error(remote_, "too many queries outstanding"));
  }
  const InFlight counted(outstanding_);
  auto picked = pick();
  if (!picked) co_return std::unexpected(picked.error());
  const std::shared_ptr<UdpSocket> socket = std::move(*picked);
  Completion done;
  const auto id = socket->add(*random_, question, done);
  if (!id) co_return std::unexpected(id.error());
  const Ticket<UdpSocket> ticket(socket, *id, done);
  outbox_->add(socket, *id, question.message);
  std::optional<ExchangeResult> result = co_await done.wait(*clock_, deadline);
  if (!result) co_return std::unexpected(read_timeout(socket->route()));
  co_return std::move(*result);
}

std::expected<std::shared_ptr<UdpSocket>, ExchangeError> UdpExchanger::pick() {
  if (const auto& current = outbox_->socket(); current && current->usable() && !current->used_up()) {
    metrics_->udp->reused();
    return current;
  }
  const runtime::TimePoint now = clock_->now();
  auto& slot = sockets_[random_->below(kSockets)];
  if (slot && slot->usable()) {
    if (!slot->worn(now)) {
      metrics_->udp->reused();
      return slot;
    }
    retire(slot);
  }
  slot.reset();
  if (!batch_) batch_ = std::make_shared<ReceiveBatch>();
  auto opened = UdpSocket::open(*loop_, remote_, source_, batch_, metrics_, now);
  if (opened) {
    slot = *opened;
    if (!sweep_.armed()) sweep_later();
    return opened;
  }
  // Out of descriptors or ports: an answer over an old port is better than none.
  const auto spare = std::ranges::find_if(
      sockets_, [&](const auto& socket) { return socket && socket->usable() && !socket->worn(now); });
  if (spare == sockets_.end()) return opened;
  metrics_->udp->reused();
  return *spare;
}

void UdpExchanger::retire(std::shared_ptr<UdpSocket>& socket) {
  socket->retire();
  std::erase_if(retired_, [](const auto& old) { return old.expired(); });
  retired_.push_back(socket);
  socket.reset();
}

// Sockets that no query picks any more would stay open for ever.
void UdpExchanger::sweep_later() {
  sweep_ = clock_->after(UdpSocket::kMaxAge, [this] {
    bool left = false;
    for (auto& socket : sockets_) {
      if (!socket) continue;
      if (!socket->usable() || socket->worn(clock_->now())) {
        retire(socket);
      } else {
        left = true;
      }
    }
    sweep_.cancel();
    if (left) sweep_later();
  });
}

void UdpExchanger::close() noexcept {
  sweep_.cancel();
  const ExchangeError stopped = local_error(remote_, "transport stopped");
  for (auto& socket : sockets_) {
    if (socket) socket->close(stopped);
    socket.reset();
  }
  for (const auto& old : retired_) {
    if (const auto socket = old.lock()) socket->close(stopped);
  }
  retired_.clear();
}

}  // namespace nld::upstream
