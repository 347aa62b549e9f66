// The DNS server: starts the workers, keeps them on the current configuration, ends them without loss.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "plugins/hosts/file.hpp"
#include "plugins/loop/probe.hpp"
#include "server/corefile_source.hpp"
#include "server/endpoints.hpp"
#include "server/self_check.hpp"
#include "server/shared_state.hpp"
#include "server/worker.hpp"

namespace nld::server {

struct ServerOptions {
  std::size_t workers = 1;
  std::size_t cache_memory = 64U << 20U;  ///< octets, all caches together
  bool loop_exit = false;                 ///< end the process when a loop shows, as CoreDNS does
  std::string version;
  std::string instance{};  ///< tells it from another one at its address, see instance.hpp; empty: nobody asks
};

/// Everything here runs on the control thread, the one that calls `run`.
class Server {
 public:
  Server(ServerOptions options, CorefileSource source, runtime::Log& log);
  ~Server();

  /// Serves until SIGTERM or SIGINT; the process's exit code. Errors of the start are logged.
  int run();

 private:
  using Opened = std::vector<std::map<ListenAt, ListenSockets>>;

  std::expected<void, std::string> start();
  /// Prepares everything `loaded` needs, then switches; error: nothing has changed.
  std::expected<void, std::string> adopt(Loaded loaded);
  std::expected<Opened, std::string> open_sockets(const ListenPlan& plan) const;
  void reload(std::string_view cause);
  void watch_files();
  void check_files();
  void watch_for_loops();
  void watch_hosts_files();
  void on_loop(const std::string& server, const plugins::LoopState& state);
  /// Files read as root that we can read no more: said now, not when a reload is needed.
  void warn_of_lost_files(const std::vector<std::string>& before);
  void after_switch();
  void wait_for_signals();
  void begin_stop();
  void drain();

  ServerOptions options_;
  CorefileSource source_;
  runtime::Log& log_;
  runtime::LogLevel log_level_;  ///< without `debug`
  boost::asio::io_context loop_{1};
  runtime::AsioClock clock_{loop_};
  runtime::SystemRandom random_;
  cache::KeyHasher hasher_;
  metrics::Registry metrics_;
  cache::Budget budget_;
  CacheHouse caches_;
  upstream::WorkerUpstreams upstreams_;  ///< of the health checks
  upstream::HealthRegistry health_;
  Endpoints endpoints_;
  SelfCheck self_check_;
  bool have_ipv6_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::shared_ptr<const Generation> generation_;
  std::vector<std::future<void>> switching_;  ///< workers on their way to `generation_`
  std::vector<metrics::GaugeHandle> process_gauges_;
  std::vector<metrics::GaugeHandle> gauges_;  ///< of the current generation
  metrics::Counter& reload_failed_;
  bool last_reload_succeeded_ = true;  ///< the start counts as one
  std::vector<std::unique_ptr<plugins::LoopWatch>> loop_watches_;
  std::vector<std::unique_ptr<plugins::HostsWatch>> hosts_watches_;
  std::string fingerprint_;  ///< of the files at the last attempt to load them
  runtime::Timer file_timer_;
  runtime::Timer stop_timer_;
  boost::asio::signal_set signals_;
  bool stopping_ = false;
  bool draining_ = false;
  int exit_code_ = 0;
};

}  // namespace nld::server
