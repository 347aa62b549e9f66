// A name server over TLS, on the loopback interface and on the test's own loop.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/socket_address.hpp"
#include "tls/stream.hpp"
#include "unit/upstream/support/messages.hpp"

namespace nld::testing {

class TlsServer {
 public:
  struct Connection {
    explicit Connection(boost::asio::ip::tcp::socket socket) : stream(std::move(socket)) {}
    tls::Stream stream;
    std::vector<Message> received;
    Message buffer = Message(65536);
    std::size_t filled = 0;
    Message writing;
    Message queued;
    bool shaken = false;
    bool ended = false;
  };
  TlsServer(boost::asio::io_context& loop, std::shared_ptr<const tls::ServerContext> with)
      : context(std::move(with)), acceptor_(loop, {boost::asio::ip::make_address("127.0.0.1"), 0}) {
    accept();
  }
  [[nodiscard]] runtime::SocketAddress address() const {
    return runtime::SocketAddress::from_ip("127.0.0.1", acceptor_.local_endpoint().port()).value();
  }
  void send(std::size_t index, const Message& message) {
    const auto connection = connections[index];
    const std::size_t at = connection->queued.size();
    connection->queued.resize(at + 2);
    dns::put16(connection->queued, at, static_cast<std::uint16_t>(message.size()));
    connection->queued.insert(connection->queued.end(), message.begin(), message.end());
    flush(connection);
  }
  void close(std::size_t index) { connections[index]->stream.close(); }

  bool silent = false;  ///< accepts, and never shakes hands
  std::shared_ptr<const tls::ServerContext> context;
  std::function<void(std::size_t connection, const Message& query)> on_query = [](std::size_t,
                                                                                  const Message&) {};
  std::vector<std::shared_ptr<Connection>> connections;

 private:
  using ConnectionPtr = std::shared_ptr<Connection>;
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, boost::asio::ip::tcp::socket socket) {
      if (error) return;
      const auto connection = connections.emplace_back(std::make_shared<Connection>(std::move(socket)));
      if (!silent) {
        connection->stream.secure(context);
        connection->stream.async_handshake([this, connection, index = connections.size() - 1](
                                               boost::system::error_code failed, std::size_t) {
          connection->shaken = !failed;
          connection->ended = static_cast<bool>(failed);
          if (!failed) read(index);
        });
      }
      accept();
    });
  }
  void read(std::size_t index) {
    const ConnectionPtr connection = connections[index];
    Message& buffer = connection->buffer;
    connection->stream.async_read_some(
        boost::asio::buffer(buffer.data() + connection->filled, buffer.size() - connection->filled),
        [this, connection, index](boost::system::error_code error, std::size_t octets) {
          if (error) {
            connection->ended = true;
            return;
          }
          connection->filled += octets;
          take(index);
          if (connection->stream.is_open()) read(index);
        });
  }
  void take(std::size_t index) {
    const ConnectionPtr connection = connections[index];
    Message& buffer = connection->buffer;
    while (connection->filled >= 2) {
      const std::size_t size = 2U + dns::get16(buffer, 0);
      if (connection->filled < size) return;
      const auto end = buffer.begin() + static_cast<std::ptrdiff_t>(size);
      connection->received.emplace_back(buffer.begin() + 2, end);
      std::copy(end, buffer.begin() + static_cast<std::ptrdiff_t>(connection->filled), buffer.begin());
      connection->filled -= size;
      const Message query = connection->received.back();
      on_query(index, query);
    }
  }
  void flush(const ConnectionPtr& connection) {
    if (!connection->writing.empty() || connection->queued.empty()) return;
    connection->writing.swap(connection->queued);
    connection->stream.async_write(boost::asio::buffer(connection->writing),
                                   [this, connection](boost::system::error_code error, std::size_t) {
                                     connection->writing.clear();
                                     if (!error) flush(connection);
                                   });
  }

  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace nld::testing
