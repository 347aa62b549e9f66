// One thread of the DNS server: its event loop, its sockets, its upstream connections.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <map>
#include <memory>
#include <thread>

#include "runtime/asio_clock.hpp"
#include "runtime/system_random.hpp"
#include "server/chain_builder.hpp"
#include "server/query_handler.hpp"
#include "server/tcp_listener.hpp"
#include "server/udp_listener.hpp"

namespace nld::server {

/// Sockets of one listen address, opened by the control thread (so that errors are known before anything
/// changes), owned by one worker.
struct ListenSockets {
  runtime::Descriptor udp;  ///< none where TLS is served
  runtime::Descriptor tcp;
};

class Worker {
 public:
  /// `instance`: see instance.hpp.
  Worker(std::size_t index, metrics::Registry& metrics, runtime::Log& log, const cache::KeyHasher& hasher,
         std::string_view instance);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  /// Called from the control thread: switches to `generation`, starts listening on `opened`, drains listeners
  /// that it no longer has. The future is ready when it is done. Queries under way keep what they started
  /// with.
  std::future<void> apply(std::shared_ptr<const Generation> generation,
                          std::map<ListenAt, ListenSockets> opened);
  /// Answers what has arrived, takes nothing new; ready when nothing waits any more, or at `deadline`.
  std::future<void> drain(runtime::TimePoint deadline);
  /// Closes everything; `join` waits for the thread, until `deadline` patiently. Stop all workers, then join
  /// all: they land each other's flights.
  void stop();
  void join(runtime::TimePoint deadline);

 private:
  struct Place;
  std::optional<TlsService> tls_service(const Listen& listen);
  void switch_to(const Generation& generation, std::map<ListenAt, ListenSockets> opened);
  void check_drained();

  std::size_t index_;
  metrics::Registry& metrics_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  runtime::AsioClock clock_;
  runtime::SystemRandom random_;
  plugins::Services services_;
  upstream::WorkerUpstreams upstreams_;
  WorkerQueries queries_;
  std::shared_ptr<const Generation> generation_;
  std::map<ListenAt, Place> places_;
  std::vector<std::shared_ptr<TcpListener>> leaving_;  ///< drained, with connections still to answer
  runtime::Timer drain_timer_;
  runtime::TimePoint drain_deadline_;
  std::promise<void> drained_;
  std::promise<void> finished_;
  std::thread thread_;
};

}  // namespace nld::server
