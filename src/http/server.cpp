// The accept loop and the table of connections.
#include "http/server.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <list>
#include <utility>

#include "http/connection.hpp"
#include "http/listening_socket.hpp"

namespace nld::http {

namespace asio = boost::asio;

class Listener::Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(asio::io_context& loop, ListeningSocket socket, Routes routes, const Limits& limits)
      : loop_(loop),
        local_(socket.local),
        socket_(loop, socket.fd.release()),
        retry_(loop),
        routes_(std::move(routes)),
        limits_(limits) {
    limits_.connections = std::max<std::size_t>(limits_.connections, 1);
  }

  void wait() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](boost::system::error_code error) {
                         if (!error && self->socket_.is_open()) self->accept_waiting();
                       });
  }

  void close() noexcept {
    boost::system::error_code ignored;
    socket_.close(ignored);
    retry_.cancel();
    for (const auto& connection : std::exchange(connections_, {})) connection->close(true);
  }

  [[nodiscard]] const runtime::SocketAddress& local() const noexcept { return local_; }
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }

 private:
  // As many a wake-up, so that a flood of connections cannot hold the loop.
  static constexpr int kAcceptBatch = 16;
  static constexpr std::chrono::milliseconds kRetryDelay{100};

  void accept_waiting() {
    for (int count = 0; count < kAcceptBatch; ++count) {
      runtime::Descriptor fd(
          ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd.get() >= 0) {
        admit(std::move(fd));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // The socket stays readable: waiting on it would spin.
        return wait_later();
      } else if (errno != ECONNABORTED && errno != EINTR) {
        break;
      }
    }
    wait();
  }

  void wait_later() {
    retry_.expires_after(kRetryDelay);
    retry_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error && self->socket_.is_open()) self->accept_waiting();
    });
  }

  void admit(runtime::Descriptor fd) {
    if (connections_.size() >= limits_.connections) {
      const auto quietest = connections_.front();
      connections_.pop_front();
      quietest->close(false);
    }
    boost::system::error_code error;
    asio::ip::tcp::socket socket(loop_);
    const auto protocol = local_.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    socket.assign(protocol, fd.get(), error);
    if (error) return;
    static_cast<void>(fd.release());
    // A connection calls these only until close() took them away, which ours does at the latest.
    auto connection = std::make_shared<Connection>(
        std::move(socket), limits_,
        Connection::Hooks{.answer = [this](std::string_view path) { return answer(path); },
                          .busy = [this](Connection& which) { to_back(which); },
                          .closed = [this](Connection& which) { forget(which); }});
    connections_.push_back(connection);
    connection->start();
  }

  Response answer(std::string_view path) const {
    const auto route = routes_.find(path);
    if (route == routes_.end()) return {.status = 404, .body = "404 page not found\n"};
    return route->second();
  }

  auto find(const Connection& which) noexcept {
    return std::ranges::find(connections_, &which, &std::shared_ptr<Connection>::get);
  }
  void to_back(const Connection& which) noexcept {
    if (const auto at = find(which); at != connections_.end()) {
      connections_.splice(connections_.end(), connections_, at);
    }
  }
  void forget(const Connection& which) noexcept {
    if (const auto at = find(which); at != connections_.end()) connections_.erase(at);
  }

  asio::io_context& loop_;
  runtime::SocketAddress local_;
  asio::posix::stream_descriptor socket_;
  asio::steady_timer retry_;
  Routes routes_;
  Limits limits_;
  std::list<std::shared_ptr<Connection>> connections_;  // quiet the longest first
};

std::expected<Listener, OpenFailure> Listener::open(asio::io_context& loop,
                                                    const runtime::SocketAddress& address, Routes routes,
                                                    const Limits& limits) {
  auto socket = open_listening_socket(address);
  if (!socket) return std::unexpected(std::move(socket).error());
  auto acceptor = std::make_shared<Acceptor>(loop, std::move(*socket), std::move(routes), limits);
  acceptor->wait();
  return Listener(std::move(acceptor));
}

Listener::Listener(std::shared_ptr<Acceptor> acceptor) noexcept : acceptor_(std::move(acceptor)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    if (acceptor_) acceptor_->close();
    acceptor_ = std::move(other.acceptor_);
  }
  return *this;
}
Listener::~Listener() {
  if (acceptor_) acceptor_->close();
}

const runtime::SocketAddress& Listener::local() const noexcept {
  return acceptor_->local();
}
std::size_t Listener::connections() const noexcept {
  return acceptor_->connections();
}

}  // namespace nld::http
