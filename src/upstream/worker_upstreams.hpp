// The upstreams of one worker: connections outlive a reload as long as somebody still wants them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "metrics/registry.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "tls/context.hpp"
#include "upstream/exchange.hpp"

namespace nld::upstream {

struct TransportOptions {
  std::chrono::milliseconds expire = std::chrono::seconds(10);
  std::uint32_t max_idle_connections = 0;  ///< 0: no limit of the user's
  std::optional<runtime::SocketAddress> source;
  std::optional<tls::Peer> tls{};  ///< none: plain DNS
  friend auto operator<=>(const TransportOptions&, const TransportOptions&) = default;
};

/// Single-threaded; destroy it on the worker's thread or after its loop has stopped.
class WorkerUpstreams {
 public:
  using Factory = std::move_only_function<std::shared_ptr<Exchanger>(const runtime::SocketAddress&,
                                                                     const TransportOptions&)>;
  explicit WorkerUpstreams(Factory make) : make_(std::move(make)) {}
  WorkerUpstreams(const WorkerUpstreams&) = delete;
  WorkerUpstreams& operator=(const WorkerUpstreams&) = delete;
  ~WorkerUpstreams() { close(); }

  /// The same exchanger for the same arguments, while somebody holds it.
  std::shared_ptr<Exchanger> get(const runtime::SocketAddress& address, const TransportOptions& options);
  /// Ends everything outstanding with an error. Let the loop run once more after it, so that the coroutines
  /// that wait can end.
  void close() noexcept;
  /// After `close`: who retries must give up.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  Factory make_;
  bool closed_ = false;
  std::map<std::pair<runtime::SocketAddress, TransportOptions>, std::weak_ptr<Exchanger>> known_;
};

/// Makes exchangers over real sockets. All arguments must outlive what it makes.
WorkerUpstreams::Factory socket_exchangers(boost::asio::io_context& loop, runtime::Clock& clock,
                                           runtime::Random& random, metrics::Registry& registry,
                                           std::size_t worker);

}  // namespace nld::upstream
