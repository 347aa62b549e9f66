// The node agent: brings the network up, keeps the DNS server running, takes everything down in order.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <memory>
#include <optional>
#include <string>

#include "agent/co_process.hpp"
#include "agent/journal.hpp"
#include "agent/options.hpp"
#include "agent/presence.hpp"
#include "agent/prober.hpp"
#include "agent/supervisor.hpp"
#include "agent/system_launcher.hpp"
#include "http/patient_listener.hpp"
#include "metrics/registry.hpp"
#include "runtime/asio_clock.hpp"
#include "runtime/logging.hpp"
#include "runtime/system_random.hpp"

namespace nld::agent {

/// Start: rules, interface, co-process, server. Stop: server (drained), co-process, interface; the rules stay
/// and lead to the cluster DNS.
class Agent {
 public:
  /// Throws std::invalid_argument when the probe's name is none.
  Agent(AgentOptions options, std::string version, runtime::Log& log);
  ~Agent();

  /// Until SIGTERM or SIGINT; the process's exit code.
  int run();

 private:
  std::expected<void, std::string> start();
  void serve_metrics();
  [[nodiscard]] std::string why_refused() const;
  void wait_for_signals();
  void stop();
  void end();
  void write_pid_file() const;
  [[nodiscard]] http::Response readiness() const;
  [[nodiscard]] std::string report() const;

  AgentOptions options_;
  std::string version_;
  runtime::Log& log_;
  boost::asio::io_context loop_{1};
  runtime::AsioClock clock_{loop_};
  runtime::SystemRandom random_;
  metrics::Registry metrics_;
  Journal journal_;
  std::optional<Presence> presence_;
  UdpProber prober_;
  SystemLauncher launcher_;
  CoProcess network_;
  Supervisor supervisor_;
  std::optional<http::PatientListener> metrics_listener_;
  std::vector<metrics::GaugeHandle> gauges_;
  boost::asio::signal_set signals_;
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace nld::agent
