// The HTTP addresses of `prometheus`, `health` and `ready`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <expected>
#include <functional>
#include <map>
#include <string>

#include "http/patient_listener.hpp"
#include "plugins/block.hpp"

namespace nld::server {

/// What the routes ask. All on the control thread.
struct EndpointSources {
  std::function<std::string()> metrics;
  std::function<bool()> ready;
};

/// Control thread only.
class Endpoints {
 public:
  Endpoints(boost::asio::io_context& loop, runtime::Clock& clock, runtime::Log& log, EndpointSources sources);

  /// Opens what `config` asks for and keeps it apart; the current listeners stay. An address that another
  /// process holds is tried until it is free: DNS does not wait for it. Any other error: nothing changed.
  std::expected<void, std::string> prepare(const plugins::ServerConfig& config);
  /// The prepared listeners take the place of the current ones.
  void commit();

 private:
  using Listeners = std::map<runtime::SocketAddress, http::PatientListener>;
  boost::asio::io_context& loop_;
  runtime::Clock& clock_;
  runtime::Log& log_;
  EndpointSources sources_;
  Listeners current_;
  Listeners prepared_;
};

}  // namespace nld::server
