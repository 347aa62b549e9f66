// Framing, pipelining and the bounds of a client's TCP connection.
#include "server/tcp_connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <cstring>

namespace nld::server {
namespace {

namespace asio = boost::asio;
constexpr std::size_t kLengthSize = 2;
constexpr int kLooks = 4;  // within a read or write timeout: a connection outlives it by a quarter at most

}  // namespace

TcpConnection::TcpConnection(WorkerQueries& queries, asio::ip::tcp::socket socket,
                             const runtime::SocketAddress& client, const runtime::SocketAddress& local,
                             std::shared_ptr<QueryHandler> handler, Limits limits,
                             std::function<void()> on_close)
    : queries_(queries),
      stream_(std::move(socket)),
      client_(client),
      local_(local),
      handler_(std::move(handler)),
      limits_(limits),
      on_close_(std::move(on_close)),
      received_(kReadSize),
      last_activity_(queries.clock.now()) {}

TcpConnection::~TcpConnection() = default;

void TcpConnection::start() {
  arm_idle_timer();
  read();
}

void TcpConnection::arm_idle_timer() {
  // One timer, set again when it finds that there was activity: not a new one per query. Shorter times are
  // looked after more often.
  runtime::TimePoint when = last_activity_ + limits_.idle;
  for (const auto& limit : {limits_.read, limits_.write}) {
    if (limit) when = std::min(when, queries_.clock.now() + *limit / kLooks);
  }
  idle_timer_ = queries_.clock.at(when, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const runtime::TimePoint now = self->queries_.clock.now();
    const bool expired = now - self->last_activity_ >= self->limits_.idle;
    // A client that does not read its answers is as gone as one that does not ask.
    if ((expired && (self->in_flight_ == 0)) || self->too_slow(now)) {
      self->close();
    } else {
      if (expired) self->last_activity_ = self->queries_.clock.now();
      self->arm_idle_timer();
    }
  });
}

bool TcpConnection::too_slow(runtime::TimePoint now) const noexcept {
  // Whole queries may stand there, too, while as many as may be are in flight.
  const bool reads = limits_.read && received_size_ > 0 && in_flight_ < limits_.in_flight &&
                     now - reading_since_ >= *limits_.read;
  const bool writes = limits_.write && !sending_.empty() && now - sending_since_ >= *limits_.write;
  return reads || writes;
}

void TcpConnection::start(std::shared_ptr<const tls::ServerContext> context, const TlsCounters& counters) {
  if (!stream_.secure(std::move(context))) {
    counters.failed.add();
    close();
    return;
  }
  shaking_ = true;
  idle_timer_ = queries_.clock.after(limits_.handshake, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->close();
  });
  stream_.async_handshake(
      [self = shared_from_this(), counters](boost::system::error_code error, std::size_t) {
        self->on_handshake(error, counters);
      });
}

void TcpConnection::on_handshake(boost::system::error_code error, const TlsCounters& counters) {
  shaking_ = false;
  if (error || !stream_.is_open()) {
    counters.failed.add();
    close();
    return;
  }
  (stream_.channel()->resumed() ? counters.resumed : counters.full).add();
  last_activity_ = queries_.clock.now();
  start();
}

void TcpConnection::read() {
  if (reading_ || draining_ || shaking_ || !stream_.is_open() || in_flight_ >= limits_.in_flight) return;
  reading_ = true;
  stream_.async_read_some(asio::buffer(received_.data() + received_size_, received_.size() - received_size_),
                          [self = shared_from_this()](boost::system::error_code error, std::size_t got) {
                            self->on_read(error, got);
                          });
}

void TcpConnection::on_read(boost::system::error_code error, std::size_t got) {
  reading_ = false;
  if (error == asio::error::eof) {
    // The client is done asking (RFC 7766 §6.2.3): what it asked is still answered, if it listens.
    draining_ = true;
    finish_if_done();
    return;
  }
  if (error) {
    close();
    return;
  }
  last_activity_ = queries_.clock.now();
  if (received_size_ == 0) reading_since_ = last_activity_;
  received_size_ += got;
  take_messages();
  read();
}

void TcpConnection::take_messages() {
  std::size_t at = 0;
  while (received_size_ - at >= kLengthSize && in_flight_ < limits_.in_flight && stream_.is_open() &&
         (!limits_.queries || asked_ < *limits_.queries)) {
    const std::size_t length = dns::get16(received_, at);
    if (length < dns::kHeaderSize) {
      queries_.malformed[static_cast<std::size_t>(dns::QueryFault::too_short)]->add();
      close();
      return;
    }
    const std::size_t end = at + kLengthSize + length;
    if (end > received_size_) {
      if (end - at > received_.size()) received_.resize(end - at);
      break;
    }
    answer(dns::Bytes(received_).subspan(at + kLengthSize, length));
    at = end;
  }
  std::memmove(received_.data(), received_.data() + at, received_size_ - at);
  received_size_ -= at;
  if (at > 0) reading_since_ = last_activity_;
  send();
  if (limits_.queries && asked_ == *limits_.queries) {
    draining_ = true;
    received_size_ = 0;
    finish_if_done();
  }
}

void TcpConnection::answer(dns::Bytes message) {
  ++asked_;
  const Inbound inbound{.packet = message,
                        .client = client_,
                        .local = local_,
                        .transport = pipeline::Transport::tcp,
                        .encrypted = stream_.channel() != nullptr,
                        .received = last_activity_};
  const dns::MutableBytes space = queries_.tcp_reply_space();
  const QueryHandler::Handled handled = handler_->handle(inbound, space, shared_from_this());
  if (handled.result == QueryHandler::Result::replied) append(space.first(handled.size));
  if (handled.result == QueryHandler::Result::waits) ++in_flight_;
}

void TcpConnection::append(dns::Bytes reply) {
  const std::size_t at = to_send_.size();
  if (at + sending_.size() + reply.size() > limits_.unsent_octets) {
    close();
    return;
  }
  to_send_.resize(at + kLengthSize + reply.size());
  dns::put16(to_send_, at, static_cast<std::uint16_t>(reply.size()));
  std::memcpy(to_send_.data() + at + kLengthSize, reply.data(), reply.size());
}

void TcpConnection::send() {
  if (to_send_.empty() || !sending_.empty() || !stream_.is_open()) return;
  sending_.swap(to_send_);
  sending_since_ = queries_.clock.now();
  // All that is ready leaves in one write: with the length in the same segment (RFC 7766 §8).
  stream_.async_write(asio::buffer(sending_),
                      [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                        self->sending_.clear();
                        if (error) {
                          self->close();
                          return;
                        }
                        self->last_activity_ = self->queries_.clock.now();
                        self->send();
                        self->finish_if_done();
                      });
}

void TcpConnection::deliver(dns::Bytes reply, const runtime::SocketAddress& /*client*/,
                            const runtime::SocketAddress& /*local*/) {
  --in_flight_;
  if (!stream_.is_open()) return;
  if (!reply.empty()) append(reply);
  send();
  // Queries may stand in the buffer since the limit of those in flight was reached.
  take_messages();
  read();
  finish_if_done();
}

void TcpConnection::drain() {
  draining_ = true;
  // A handshake under way has nothing to be answered: it fails and closes the connection.
  stream_.shutdown_receive();
  if (!shaking_) finish_if_done();
}

void TcpConnection::finish_if_done() {
  if (draining_ && idle()) close();
}

void TcpConnection::close() {
  if (!stream_.is_open()) return;
  idle_timer_.cancel();
  stream_.close();
  if (auto closed = std::exchange(on_close_, nullptr)) closed();
}

}  // namespace nld::server
