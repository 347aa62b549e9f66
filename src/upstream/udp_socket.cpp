// UDP to one upstream: connect(2)ed, so that the kernel drops what others send and reports ICMP errors.
#include "upstream/udp_socket.hpp"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>

#include "upstream/native_socket.hpp"

namespace nld::upstream {

UdpSocket::UdpSocket(boost::asio::io_context& loop, std::shared_ptr<ReceiveBatch> batch,
                     std::shared_ptr<TransportMetrics> metrics, runtime::TimePoint now)
    : socket_(loop), batch_(std::move(batch)), metrics_(std::move(metrics)), opened_(now) {}

UdpSocket::~UdpSocket() {
  close_socket();
}

std::expected<std::shared_ptr<UdpSocket>, ExchangeError> UdpSocket::open(
    boost::asio::io_context& loop, const runtime::SocketAddress& remote,
    const std::optional<runtime::SocketAddress>& source, std::shared_ptr<ReceiveBatch> batch,
    std::shared_ptr<TransportMetrics> metrics, runtime::TimePoint now) {
  auto handle = NativeSocket::open(Protocol::udp, remote, source);
  if (!handle) return std::unexpected(std::move(handle.error()));
  // connect(2) binds: the kernel draws an unpredictable port out of net.ipv4.ip_local_port_range. Drawing one
  // ourselves could take a NodePort or another port that the operator has reserved.
  if (::connect(handle->get(), remote.native(), remote.native_size()) != 0) {
    return std::unexpected(dial_error(Protocol::udp, remote, source, "connect", errno));
  }
  std::shared_ptr<UdpSocket> socket(new UdpSocket(loop, std::move(batch), std::move(metrics), now));
  socket->route_ = {Protocol::udp, handle->local(), remote};
  boost::system::error_code failed;
  socket->socket_.assign(remote.is_v6() ? boost::asio::ip::udp::v6() : boost::asio::ip::udp::v4(),
                         handle->get(), failed);
  if (failed) return std::unexpected(dial_error(Protocol::udp, remote, source, "epoll_ctl", failed.value()));
  handle->release();
  socket->metrics_->udp->opened();
  socket->listen();
  return socket;
}

std::expected<std::uint16_t, ExchangeError> UdpSocket::add(runtime::Random& random, const Question& question,
                                                           Completion& done) {
  const auto id = outstanding_.add(random, question, done);
  if (!id) return std::unexpected(local_error(route_.remote, "too many queries outstanding on one socket"));
  ++uses_;
  return *id;
}

void UdpSocket::send(SendBatch& batch) {
  if (!socket_.is_open()) {
    // Its queries have been told.
    batch.clear();
    return;
  }
  for (const auto& [id, error] : batch.send(socket_.native_handle())) {
    const ExchangeError failed = io_error(route_, "write", error);
    // Refused: the kernel reports the ICMP error that an earlier query brought, which holds for all of them.
    if (failed.kind == ExchangeError::Kind::refused) {
      close(failed);
      return;
    }
    outstanding_.fail(id, failed);
  }
}

void UdpSocket::forget(std::uint16_t id, const Completion& done) noexcept {
  outstanding_.remove(id, done);
  close_if_done();
}

void UdpSocket::retire() noexcept {
  retired_ = true;
  close_if_done();
}

void UdpSocket::close(const ExchangeError& error) noexcept {
  retired_ = true;
  outstanding_.fail_all(error);
  close_socket();
}

bool UdpSocket::worn(runtime::TimePoint now) const noexcept {
  return used_up() || now - opened_ >= kMaxAge;
}

void UdpSocket::listen() {
  socket_.async_wait(boost::asio::ip::udp::socket::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (error || !self->socket_.is_open()) return;
                       self->receive();
                       if (self->socket_.is_open()) self->listen();
                     });
}

void UdpSocket::receive() {
  const auto received = batch_->receive(socket_.native_handle());
  if (!received) {
    const int error = received.error();
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return;
    close(io_error(route_, "read", error));
    return;
  }
  for (std::size_t index = 0; index < *received; ++index) {
    const auto match = outstanding_.deliver(batch_->datagram(index), batch_->cut(index), Protocol::udp);
    if (match != Outstanding::Match::delivered) metrics_->mismatched.add();
  }
  close_if_done();
}

void UdpSocket::close_if_done() noexcept {
  if (retired_ && outstanding_.empty()) close_socket();
}

void UdpSocket::close_socket() noexcept {
  if (!socket_.is_open()) return;
  boost::system::error_code ignored;
  socket_.close(ignored);
  metrics_->udp->closed();
}

}  // namespace nld::upstream
