// Accepting TCP connections within a bound.
#include "server/tcp_listener.hpp"

#include <algorithm>

namespace nld::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

runtime::SocketAddress to_address(const tcp::endpoint& endpoint) noexcept {
  return runtime::SocketAddress::from_native(endpoint.data());
}

}  // namespace

TcpListener::TcpListener(WorkerQueries& queries, const runtime::SocketAddress& address,
                         runtime::Descriptor socket, std::shared_ptr<QueryHandler> handler,
                         TcpCounters counters, std::optional<TlsService> tls)
    : queries_(queries),
      address_(address),
      acceptor_(queries.loop, address.is_v6() ? tcp::v6() : tcp::v4(), socket.release()),
      handler_(std::move(handler)),
      counters_(counters),
      tls_(std::move(tls)) {}

void TcpListener::start() {
  acceptor_.non_blocking(true);
  accept();
}

void TcpListener::set_context(const std::shared_ptr<const tls::ServerContext>& context) noexcept {
  if (tls_ && context && context->digest() != tls_->context->digest()) tls_->context = context;
}

void TcpListener::accept() {
  acceptor_.async_accept([self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !self->acceptor_.is_open()) return;
    if (error) {
      // Out of descriptors or memory: the socket stays readable, so without a pause this would spin.
      self->retry_ =
          self->queries_.clock.after(std::chrono::milliseconds(100), [weak = self->weak_from_this()] {
            if (const auto listener = weak.lock()) listener->accept();
          });
      return;
    }
    self->take(std::move(socket));
    self->accept();
  });
}

bool TcpListener::make_room() {
  if (connections_.size() < kMaxConnections) return true;
  const auto oldest = std::ranges::min_element(connections_, {}, [](const auto& connection) {
    return connection->idle() ? connection->last_activity() : runtime::TimePoint::max();
  });
  counters_.evicted.add();
  const auto candidate = (*oldest)->shared_from_this();  // closing takes it off the list
  if (!candidate->idle()) return false;
  candidate->close();
  return true;
}

void TcpListener::take(tcp::socket socket) {
  boost::system::error_code error;
  const tcp::endpoint client = socket.remote_endpoint(error);
  const tcp::endpoint local = error ? tcp::endpoint() : socket.local_endpoint(error);
  if (error || !make_room()) return;  // gone already, or no room: the socket closes here
  socket.set_option(tcp::no_delay(true), error);
  counters_.accepted.add();
  const auto place = connections_.emplace(connections_.end());
  // Held here, too: starting it may end it and take it off the list.
  const auto connection =
      std::make_shared<TcpConnection>(queries_, std::move(socket), to_address(client), to_address(local),
                                      handler_, limits_, [weak = weak_from_this(), place] {
                                        if (const auto self = weak.lock()) self->connections_.erase(place);
                                      });
  *place = connection;
  if (tls_) {
    connection->start(tls_->context, tls_->counters);
  } else {
    connection->start();
  }
}

void TcpListener::drain() {
  boost::system::error_code error;
  while (acceptor_.is_open()) {
    tcp::socket socket(queries_.loop);
    acceptor_.accept(socket, error);
    if (error) break;
    take(std::move(socket));
  }
  acceptor_.close(error);
  const auto all = connections_;
  for (const auto& connection : all) connection->drain();
}

void TcpListener::close_all() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  const auto all = connections_;
  for (const auto& connection : all) connection->close();
}

}  // namespace nld::server
