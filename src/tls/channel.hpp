// TLS over one non-blocking socket, step by step: no event loop, no waiting.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "tls/context.hpp"
#include "tls/sessions.hpp"

namespace nld::tls {

/// OpenSSL works on the socket itself, without the buffers between that asio::ssl::stream has (68 KiB a
/// connection, and a copy of every octet). SIGPIPE must be ignored.
class Channel {
 public:
  /// How far a step came: done, with or without error, or it has to wait for the socket and be called again
  /// with the same arguments.
  struct Progress {
    enum class Wait : std::uint8_t { none, read, write } wait = Wait::none;
    boost::system::error_code error;
    std::size_t octets = 0;
  };

  /// `sessions` may be null. Null: out of memory.
  static std::unique_ptr<Channel> client(const Peer& peer, std::shared_ptr<Sessions> sessions, int socket);
  static std::unique_ptr<Channel> server(std::shared_ptr<const ServerContext> context, int socket);

  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  Progress handshake();
  /// At least one octet, or asio::error::eof.
  Progress read(boost::asio::mutable_buffer into);
  /// All of `from`.
  Progress write(boost::asio::const_buffer from);
  /// Tells the peer that nothing more comes, if the socket takes it at once.
  void shutdown() noexcept;

  [[nodiscard]] bool resumed() const noexcept { return SSL_session_reused(connection_.get()) == 1; }
  /// After an error that `is_failure`: what it was, in the words of Go's crypto/tls where it has some.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  Channel(SslHandle connection, std::shared_ptr<const void> context, std::shared_ptr<Sessions> sessions,
          std::string name) noexcept
      : connection_(std::move(connection)),
        context_(std::move(context)),
        sessions_(std::move(sessions)),
        name_(std::move(name)) {}
  Progress outcome(int result, std::size_t octets);
  [[nodiscard]] std::string describe(unsigned long error) const;

  SslHandle connection_;
  std::shared_ptr<const void> context_;  // what it was made from
  std::shared_ptr<Sessions> sessions_;
  std::string name_;  // expected of the server
  std::string failure_;
  bool broken_ = false;
};

/// Whether an error of a Channel comes from TLS, not from the socket.
bool is_failure(boost::system::error_code error) noexcept;

}  // namespace nld::tls
