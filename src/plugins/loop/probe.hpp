// Sends the loop probe to our own listener, from the control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "plugins/loop/loop.hpp"
#include "runtime/clock.hpp"
#include "runtime/socket_address.hpp"

namespace nld::plugins {

/// Where the probe goes: the listener itself; the loopback address for a wildcard one.
runtime::SocketAddress probe_target(const runtime::SocketAddress& listener) noexcept;

/// Asks for a random name every 2 s, until two answers have come back or for 30 s (CoreDNS: until the first,
/// with the same figures), then disarms.
/// Destroying it ends the watch.
class LoopWatch {
 public:
  /// `on_loop` is called at most once.
  LoopWatch(boost::asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
            std::shared_ptr<LoopState> state, const runtime::SocketAddress& listener,
            std::function<void(const LoopState&)> on_loop);
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;
  ~LoopWatch();

 private:
  class Attempt;
  void ask();
  void answered();
  void end();

  boost::asio::io_context& loop_;
  runtime::Clock& clock_;
  runtime::Random& random_;
  std::shared_ptr<LoopState> state_;
  runtime::SocketAddress target_;
  std::function<void(const LoopState&)> on_loop_;
  int attempts_ = 0;
  int answers_ = 0;
  runtime::Timer timer_;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace nld::plugins
