// A TCP socket, with or without TLS: what DNS's framing reads from and writes to.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "tls/channel.hpp"

namespace nld::tls {

/// Without TLS every operation is the socket's own. Handlers run on the socket's loop, never inside the call;
/// they must keep the stream alive. One read and one write at a time.
class Stream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  explicit Stream(boost::asio::io_context& loop) : socket_(loop) {}
  explicit Stream(Socket socket) noexcept : socket_(std::move(socket)) {}

  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  /// From now on TLS, beginning with a handshake. The socket is connected. False: out of memory.
  bool secure(const Peer& peer, std::shared_ptr<Sessions> sessions) {
    return take(Channel::client(peer, std::move(sessions), socket_.native_handle()));
  }
  bool secure(std::shared_ptr<const ServerContext> context) {
    return take(Channel::server(std::move(context), socket_.native_handle()));
  }
  [[nodiscard]] const Channel* channel() const noexcept { return channel_.get(); }

  /// handler(error_code, 0)
  template <typename Handler>
  void async_handshake(Handler handler) {
    drive([this] { return channel_->handshake(); }, std::move(handler), true);
  }
  /// handler(error_code, octets)
  template <typename Handler>
  void async_read_some(boost::asio::mutable_buffer into, Handler handler) {
    if (!channel_) {
      socket_.async_read_some(into, std::move(handler));
    } else {
      drive([this, into] { return channel_->read(into); }, std::move(handler), true);
    }
  }
  /// All of `from`; handler(error_code, octets)
  template <typename Handler>
  void async_write(boost::asio::const_buffer from, Handler handler) {
    if (!channel_) {
      boost::asio::async_write(socket_, from, std::move(handler));
    } else {
      drive([this, from] { return channel_->write(from); }, std::move(handler), true);
    }
  }

  void shutdown_receive() noexcept {
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_receive, ignored);
  }
  void close() noexcept {
    if (channel_ && socket_.is_open()) channel_->shutdown();
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

 private:
  bool take(std::unique_ptr<Channel> channel) {
    boost::system::error_code failed;
    socket_.native_non_blocking(true, failed);
    channel_ = std::move(channel);
    return channel_ != nullptr && !failed;
  }

  template <typename Step, typename Handler>
  void drive(Step step, Handler handler, bool inside_call) {
    const Channel::Progress progress = step();
    if (progress.wait == Channel::Progress::Wait::none) {
      if (!inside_call) {
        handler(progress.error, progress.octets);
        return;
      }
      boost::asio::post(socket_.get_executor(), [handler = std::move(handler), progress]() mutable {
        handler(progress.error, progress.octets);
      });
      return;
    }
    const auto what = progress.wait == Channel::Progress::Wait::read ? Socket::wait_read : Socket::wait_write;
    socket_.async_wait(what,
                       [this, step, handler = std::move(handler)](boost::system::error_code error) mutable {
                         if (error || !socket_.is_open()) {
                           if (!error) error = boost::asio::error::operation_aborted;
                           handler(error, std::size_t{0});
                           return;
                         }
                         drive(std::move(step), std::move(handler), false);
                       });
  }

  Socket socket_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace nld::tls
