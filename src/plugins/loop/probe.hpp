// Sends the loop probe to our own listener, from the control thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "plugins/loop/loop.hpp"
#include "runtime/clock.hpp"
#include "runtime/socket_address.hpp"

namespace nld::plugins {

/// Where the probe goes: the listener itself; the loopback address for a wildcard one.
runtime::SocketAddress probe_target(const runtime::SocketAddress& listener) noexcept;

/// Asks for a random name until an answer comes back, every 2 s for 30 s (CoreDNS's figures), then waits
/// another moment for late returns and disarms. Calls `on_loop` once if a loop showed.
boost::asio::awaitable<void> watch_for_loop(std::shared_ptr<LoopState> state, runtime::SocketAddress listener,
                                            runtime::Clock& clock, runtime::Random& random,
                                            std::function<void(const LoopState&)> on_loop);

}  // namespace nld::plugins
