// A small HTTP/1.1 server for metrics, health and readiness: GET and HEAD of fixed paths.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "http/open_failure.hpp"
#include "runtime/socket_address.hpp"

namespace nld::http {

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// The content type of metrics::Registry::expose.
inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

/// Runs on the listener's loop for each GET or HEAD; must not wait, nor destroy the listener. An exception
/// becomes a 500.
using Handler = std::function<Response()>;

/// Exact paths, without the query part: "/metrics".
using Routes = std::map<std::string, Handler, std::less<>>;

struct Limits {
  /// One more closes the connection that has been quiet the longest: probes and scrapes always get in.
  std::size_t connections = 64;
  std::size_t header_octets = 8 * 1024;
  /// For a whole request header, for the writing of an answer, and between requests.
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
};

/// One listening socket and its connections; used from the loop's thread only, the loop outlives it.
/// Destroying it closes the socket and idle connections and calls no handler any more; an answer under way is
/// still sent. Two may listen on one address (SO_REUSEPORT): a reload opens the new one before it drops the
/// old one, and a new process starts beside the old one.
class Listener {
 public:
  /// `address` need not exist yet (IP_FREEBIND). The IPv6 wildcard takes IPv4 too; on a host without IPv6
  /// it becomes the IPv4 wildcard. Port 0: the kernel chooses, see `local`.
  static std::expected<Listener, OpenFailure> open(boost::asio::io_context& loop,
                                                   const runtime::SocketAddress& address, Routes routes,
                                                   const Limits& limits = {});
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();

  [[nodiscard]] const runtime::SocketAddress& local() const noexcept;
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  class Acceptor;
  explicit Listener(std::shared_ptr<Acceptor> acceptor) noexcept;
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace nld::http
