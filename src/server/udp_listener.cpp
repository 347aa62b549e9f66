// The UDP loop of a worker.
#include "server/udp_listener.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cstring>

namespace nld::server {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

}  // namespace

UdpListener::UdpListener(WorkerQueries& queries, const runtime::SocketAddress& address,
                         runtime::Descriptor socket, std::shared_ptr<QueryHandler> handler,
                         metrics::Counter& unsent)
    : queries_(queries),
      address_(address),
      socket_(queries.loop, address.is_v6() ? udp::v6() : udp::v4(), socket.release()),
      handler_(std::move(handler)),
      unsent_(unsent),
      batch_(address) {}

void UdpListener::start() {
  wait();
}

void UdpListener::wait() {
  socket_.async_wait(udp::socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->take_turn();
  });
}

void UdpListener::take_turn() {
  if (draining_) return;
  if (serve(kRounds)) {
    // More is there, which needs no asking: a wait would be an epoll_ctl (Asio arms each one anew).
    asio::post(queries_.loop, [self = shared_from_this()] { self->take_turn(); });
  } else {
    wait();
  }
}

bool UdpListener::serve(std::size_t batches) {
  const int descriptor = socket_.native_handle();
  const std::shared_ptr<ReplySink> sink = shared_from_this();
  for (std::size_t round = 0; round < batches; ++round) {
    const std::size_t count = batch_.receive(descriptor);
    if (count == 0) return false;
    flush();  // replies that came from upstream meanwhile share the buffers
    Inbound inbound{.packet = {}, .client = {}, .local = address_, .received = queries_.clock.now()};
    const bool looks_ahead = count > 1 && handler_->look_ahead_pays();
    for (std::size_t at = 0; at < count; ++at) {
      if (looks_ahead && at % kLookAhead == 0) look_ahead(at, count);
      if (batch_.queued() == UdpBatch::kPackets) flush();
      inbound.packet = batch_.packet(at);
      inbound.client = batch_.client(at);
      inbound.local = batch_.local(at);
      const QueryHandler::Handled handled = handler_->handle(inbound, batch_.reply_space(), sink);
      if (handled.result == QueryHandler::Result::replied) {
        batch_.queue_reply(handled.size, inbound.client, inbound.local);
      }
    }
    flush();
    if (count < UdpBatch::kPackets) return false;
  }
  return true;
}

void UdpListener::look_ahead(std::size_t from, std::size_t count) const noexcept {
  const std::size_t size = std::min(kLookAhead, count - from);
  std::array<cache::Lookahead, kLookAhead> ahead;
  for (std::size_t at = 0; at < size; ++at) ahead[at] = handler_->look_ahead(batch_.packet(from + at));
  for (std::size_t at = 0; at < size; ++at) ahead[at].load();
}

void UdpListener::flush() {
  if (batch_.queued() == 0) return;
  unsent_.add(batch_.send(socket_.native_handle()));
}

void UdpListener::deliver(dns::Bytes reply, const runtime::SocketAddress& client,
                          const runtime::SocketAddress& local) {
  if (!socket_.is_open() || reply.empty()) return;
  if (batch_.queued() == UdpBatch::kPackets) flush();
  const dns::MutableBytes space = batch_.reply_space();
  std::memcpy(space.data(), reply.data(), reply.size());
  batch_.queue_reply(reply.size(), client, local);
  if (flush_posted_) return;
  flush_posted_ = true;
  // What one turn of the loop delivers (a pipelined upstream read often completes many) leaves as one batch.
  asio::post(queries_.loop, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void UdpListener::drain() {
  draining_ = true;
  // A connected socket gets packets of its peer only: from here on the kernel gives new queries to the other
  // sockets of the port (or to nobody, and the node's rules send them to the cluster DNS). The peer is the
  // discard port of the address itself, which never sends.
  runtime::SocketAddress nobody = address_;
  if (address_.is_wildcard()) {
    nobody = *runtime::SocketAddress::from_ip(address_.is_v6() ? "::1" : "127.0.0.1", 9);
  }
  nobody.set_port(9);
  if (::connect(socket_.native_handle(), nobody.native(), nobody.native_size()) != 0) {
    // No route to it (the interface is gone): nothing arrives then either.
  }
  while (serve(kRounds)) {
  }
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

}  // namespace nld::server
