// The HTTP addresses of `prometheus`, `health` and `ready`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <expected>
#include <functional>
#include <map>
#include <string>

#include "http/server.hpp"
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
  Endpoints(boost::asio::io_context& loop, EndpointSources sources);

  /// Opens what `config` asks for and keeps it apart; the current listeners stay. Error: nothing changed.
  std::expected<void, std::string> prepare(const plugins::ServerConfig& config);
  /// The prepared listeners take the place of the current ones.
  void commit();

 private:
  using Listeners = std::map<runtime::SocketAddress, http::Listener>;
  boost::asio::io_context& loop_;
  EndpointSources sources_;
  Listeners current_;
  Listeners prepared_;
};

}  // namespace nld::server
