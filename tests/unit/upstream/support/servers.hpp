// Name servers of a test, on the loopback interface and on the test's own loop.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/socket_address.hpp"
#include "unit/upstream/support/messages.hpp"

namespace nld::testing {

/// Keeps what it received; answers what `reply` says, if anything.
class UdpServer {
 public:
  struct Received {
    Message query;
    boost::asio::ip::udp::endpoint from;
  };
  explicit UdpServer(boost::asio::io_context& loop)
      : socket_(loop, {boost::asio::ip::make_address("127.0.0.1"), 0}) {
    // 4096 queries at once must not be lost for want of room.
    socket_.set_option(boost::asio::socket_base::receive_buffer_size(4 << 20));
    receive();
  }
  [[nodiscard]] runtime::SocketAddress address() const {
    return runtime::SocketAddress::from_ip("127.0.0.1", socket_.local_endpoint().port()).value();
  }
  void send(const Message& message, const boost::asio::ip::udp::endpoint& to) {
    socket_.send_to(boost::asio::buffer(message), to);
  }

  std::function<void(const Received&)> on_query = [](const Received&) {};
  std::vector<Received> received;

 private:
  void receive() {
    socket_.async_receive_from(
        boost::asio::buffer(buffer_), from_, [this](boost::system::error_code error, std::size_t size) {
          if (error == boost::asio::error::operation_aborted) return;
          if (!error) {
            received.push_back(
                {{buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size)}, from_});
            const Received latest = received.back();
            on_query(latest);
          }
          receive();
        });
  }
  boost::asio::ip::udp::socket socket_;
  boost::asio::ip::udp::endpoint from_;
  std::array<std::uint8_t, 2048> buffer_{};
};

class TcpServer {
 public:
  struct Connection {
    explicit Connection(boost::asio::ip::tcp::socket accepted) : socket(std::move(accepted)) {}
    boost::asio::ip::tcp::socket socket;
    std::vector<Message> received;
    std::array<std::uint8_t, 2> prefix{};
    Message frame;
    bool ended = false;  ///< the client closed it
  };
  explicit TcpServer(boost::asio::io_context& loop)
      : acceptor_(loop, {boost::asio::ip::make_address("127.0.0.1"), 0}) {
    accept();
  }
  [[nodiscard]] runtime::SocketAddress address() const {
    return runtime::SocketAddress::from_ip("127.0.0.1", acceptor_.local_endpoint().port()).value();
  }
  void send(std::size_t connection, const Message& message) {
    Message framed(2);
    dns::put16(framed, 0, static_cast<std::uint16_t>(message.size()));
    framed.insert(framed.end(), message.begin(), message.end());
    send_raw(connection, framed);
  }
  void send_raw(std::size_t connection, const Message& octets) {
    boost::asio::write(connections[connection]->socket, boost::asio::buffer(octets));
  }
  void close(std::size_t connection) { connections[connection]->socket.close(); }
  void stop() { acceptor_.close(); }

  std::function<void(std::size_t connection, const Message& query)> on_query = [](std::size_t,
                                                                                  const Message&) {};
  std::vector<std::shared_ptr<Connection>> connections;

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, boost::asio::ip::tcp::socket socket) {
      if (error) return;
      connections.push_back(std::make_shared<Connection>(std::move(socket)));
      read(connections.size() - 1);
      accept();
    });
  }
  void read(std::size_t index) {
    const auto connection = connections[index];
    boost::asio::async_read(connection->socket, boost::asio::buffer(connection->prefix),
                            [this, index, connection](boost::system::error_code error, std::size_t) {
                              if (error) {
                                connection->ended = true;
                                return;
                              }
                              connection->frame.resize(dns::get16(connection->prefix, 0));
                              boost::asio::async_read(
                                  connection->socket, boost::asio::buffer(connection->frame),
                                  [this, index, connection](boost::system::error_code failed, std::size_t) {
                                    if (failed) return;
                                    connection->received.push_back(connection->frame);
                                    on_query(index, connection->received.back());
                                    if (connection->socket.is_open()) read(index);
                                  });
                            });
  }
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace nld::testing
