// A stream to one upstream: connect, shake hands, gather and write, read and match.
#include "upstream/tcp_connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "upstream/native_socket.hpp"

namespace nld::upstream {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kPrefix = 2;              // the length before each message, RFC 1035 §4.2.2
constexpr std::size_t kFirstBuffer = 4096;      // answers are small as a rule
constexpr std::size_t kKeptBuffer = 16 * 1024;  // a larger one is given back once it is empty

asio::ip::tcp::endpoint endpoint_of(const runtime::SocketAddress& address) {
  asio::ip::tcp::endpoint out;
  std::memcpy(out.data(), address.native(), address.native_size());
  out.resize(address.native_size());
  return out;
}

}  // namespace

TcpConnection::TcpConnection(asio::io_context& loop, runtime::Clock& clock, const Settings& settings,
                             std::shared_ptr<TransportMetrics> metrics)
    : stream_(loop),
      clock_(&clock),
      settings_(settings),
      metrics_(std::move(metrics)),
      route_{Protocol::tcp, {}, settings.remote},
      last_heard_(clock.now()) {}

TcpConnection::~TcpConnection() {
  close(local_error(settings_.remote, "transport stopped"));
}

std::expected<std::shared_ptr<TcpConnection>, ExchangeError> TcpConnection::open(
    asio::io_context& loop, runtime::Clock& clock, const Settings& settings,
    std::shared_ptr<TransportMetrics> metrics) {
  auto handle = NativeSocket::open(Protocol::tcp, settings.remote, settings.source);
  if (!handle) return std::unexpected(std::move(handle.error()));
  std::shared_ptr<TcpConnection> connection(new TcpConnection(loop, clock, settings, std::move(metrics)));
  boost::system::error_code failed;
  connection->stream_.socket().assign(settings.remote.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                                      handle->get(), failed);
  if (failed) {
    connection->state_ = State::closed;
    return std::unexpected(
        dial_error(Protocol::tcp, settings.remote, settings.source, "epoll_ctl", failed.value()));
  }
  handle->release();
  connection->metrics_->stream.opened();
  connection->connect();
  return connection;
}

void TcpConnection::connect() {
  // The timer must not keep the connection alive: it is the connection's own.
  timer_ = clock_->after(kDialTimeout, [this] {
    const auto self = shared_from_this();
    close(dial_timeout(Protocol::tcp, settings_.remote, settings_.source));
  });
  stream_.socket().async_connect(
      endpoint_of(settings_.remote),
      [self = shared_from_this()](boost::system::error_code error) { self->on_connected(error); });
}

void TcpConnection::on_connected(boost::system::error_code error) {
  if (state_ != State::connecting) return;
  if (error) {
    close(dial_error(Protocol::tcp, settings_.remote, settings_.source, "connect", error.value()));
    return;
  }
  route_.local = local_address(stream_.socket().native_handle());
  if (!settings_.tls) {
    opened();
    return;
  }
  if (!stream_.secure(*settings_.tls, settings_.sessions)) {
    close(local_error(settings_.remote, "no memory for TLS"));
    return;
  }
  stream_.async_handshake([self = shared_from_this()](boost::system::error_code failed, std::size_t) {
    self->on_handshake(failed);
  });
}

void TcpConnection::on_handshake(boost::system::error_code error) {
  if (state_ != State::connecting) return;
  if (error) {
    metrics_->tls->failed();
    close(error_of("read", error));
    return;
  }
  metrics_->tls->shaken(stream_.channel()->resumed());
  opened();
}

void TcpConnection::opened() {
  timer_.cancel();
  state_ = State::open;
  last_heard_ = clock_->now();
  buffer_.resize(kFirstBuffer);
  rest_if_idle();
  if (state_ != State::open) return;
  flush();
  read();
}

std::expected<std::uint16_t, ExchangeError> TcpConnection::send(runtime::Random& random,
                                                                const Question& question, Completion& done) {
  const std::size_t size = question.message.size();
  if (size > dns::kMaxMessageSize || queued_.size() + kPrefix + size > kMaxQueuedOctets) {
    return std::unexpected(local_error(settings_.remote, "too many octets queued on one connection"));
  }
  const auto id = outstanding_.add(random, question, done);
  if (!id) {
    return std::unexpected(local_error(settings_.remote, "too many queries outstanding on one connection"));
  }
  if (state_ == State::open) timer_.cancel();
  const std::size_t at = queued_.size();
  queued_.resize(at + kPrefix);
  dns::put16(queued_, at, static_cast<std::uint16_t>(size));
  queued_.insert(queued_.end(), question.message.begin(), question.message.end());
  dns::put16(queued_, at + kPrefix, *id);
  flush_soon();
  return *id;
}

void TcpConnection::flush_soon() {
  if (flush_posted_) return;
  flush_posted_ = true;
  // Misses come in batches: what one turn of the loop asks leaves in one write.
  asio::post(stream_.socket().get_executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void TcpConnection::flush() {
  if (state_ != State::open || !writing_.empty() || queued_.empty()) return;
  writing_.swap(queued_);
  stream_.async_write(
      asio::buffer(writing_),
      [self = shared_from_this()](boost::system::error_code error, std::size_t) { self->on_written(error); });
}

void TcpConnection::on_written(boost::system::error_code error) {
  if (state_ != State::open) return;
  if (error) {
    close(error_of("write", error));
    return;
  }
  writing_.clear();
  flush();
}

void TcpConnection::read() {
  stream_.async_read_some(asio::buffer(buffer_.data() + filled_, buffer_.size() - filled_),
                          [self = shared_from_this()](boost::system::error_code error, std::size_t octets) {
                            self->on_read(error, octets);
                          });
}

void TcpConnection::on_read(boost::system::error_code error, std::size_t octets) {
  if (state_ != State::open) return;
  if (error) {
    close(error_of("read", error));
    return;
  }
  filled_ += octets;
  last_heard_ = clock_->now();
  if (!take_frames()) return;
  rest_if_idle();
  if (state_ == State::open) read();
}

bool TcpConnection::take_frames() {
  std::size_t at = 0;
  std::size_t wanted = kPrefix;
  while (filled_ - at >= kPrefix) {
    const std::size_t size = dns::get16(buffer_, at);
    if (size < dns::kHeaderSize) {
      close(malformed_error(route_, "short message"));
      return false;
    }
    if (filled_ - at < kPrefix + size) {
      wanted = kPrefix + size;
      break;
    }
    const dns::Bytes frame = dns::Bytes(buffer_).subspan(at + kPrefix, size);
    switch (outstanding_.deliver(frame, false, Protocol::tcp)) {
      case Outstanding::Match::delivered:
        ++answers_;
        break;
      case Outstanding::Match::foreign:
        metrics_->mismatched.add();
        break;
      case Outstanding::Match::malformed:
        // Over TCP nobody else can have sent it: waiting for a better one is in vain.
        outstanding_.fail(dns::get16(frame, 0), malformed_error(route_, "bad message"));
        break;
    }
    at += kPrefix + size;
  }
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(at),
            buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
  filled_ -= at;
  if (wanted > buffer_.size()) {
    buffer_.resize(wanted);
  } else if (filled_ == 0 && buffer_.size() > kKeptBuffer) {
    buffer_ = std::vector<std::uint8_t>(kFirstBuffer);
  }
  return true;
}

void TcpConnection::forget(std::uint16_t id, const Completion& done) noexcept {
  outstanding_.remove(id, done);
  rest_if_idle();
}

void TcpConnection::timed_out(runtime::TimePoint sent) noexcept {
  if (last_heard_ <= sent) retired_ = true;
}

ExchangeError TcpConnection::timeout_text() const {
  return state_ == State::connecting ? dial_timeout(Protocol::tcp, settings_.remote, settings_.source)
                                     : read_timeout(route_);
}

void TcpConnection::rest_if_idle() noexcept {
  if (state_ != State::open || !outstanding_.empty()) return;
  if (retired_) {
    close(local_error(settings_.remote, "connection retired"));
    return;
  }
  if (timer_.armed()) return;
  timer_ = clock_->after(settings_.expire, [this] {
    const auto self = shared_from_this();
    close(local_error(settings_.remote, "connection expired"));
  });
}

ExchangeError TcpConnection::error_of(std::string_view call, boost::system::error_code error) const {
  // As Go's io package words it, without address.
  if (error == asio::error::eof) {
    return {ExchangeError::Kind::closed, filled_ > 0 ? "unexpected EOF" : "EOF"};
  }
  if (!tls::is_failure(error)) return io_error(route_, call, error.value());
  ExchangeError failure = handshake_error(stream_.channel()->failure());
  // On a connection that worked it says nothing about the peer's certificate: the queries may be asked again.
  if (proven()) failure.kind = ExchangeError::Kind::closed;
  return failure;
}

void TcpConnection::close(const ExchangeError& error) noexcept {
  if (state_ == State::closed) return;
  state_ = State::closed;
  timer_.cancel();
  stream_.close();
  metrics_->stream.closed();
  outstanding_.fail_all(error);
  queued_ = {};
}

}  // namespace nld::upstream
