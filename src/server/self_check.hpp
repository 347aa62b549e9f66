// `health` asks its own endpoint once a second: a slow answer tells that the process cannot keep up.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>

#include "metrics/registry.hpp"
#include "runtime/clock.hpp"
#include "runtime/socket_address.hpp"

namespace nld::server {

/// coredns_health_request_duration_seconds and coredns_health_request_failures_total. Control thread only.
class SelfCheck {
 public:
  SelfCheck(boost::asio::io_context& loop, runtime::Clock& clock, metrics::Registry& metrics,
            std::size_t worker);
  ~SelfCheck();

  /// Asks `address` from now on, nobody when there is none.
  void watch(std::optional<runtime::SocketAddress> address);

 private:
  class Request;
  void schedule();
  void ask();

  boost::asio::io_context& loop_;
  runtime::Clock& clock_;
  metrics::Registry& metrics_;
  std::size_t worker_;
  metrics::Histogram* duration_ = nullptr;  ///< registered when first needed
  metrics::Counter* failures_ = nullptr;
  std::optional<runtime::SocketAddress> address_;
  runtime::Timer timer_;
  std::shared_ptr<Request> request_;
};

}  // namespace nld::server
