// Keeps one DNS server running: starts it, probes it, takes a hung one out, restarts it, ends it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal.hpp"
#include "agent/prober.hpp"
#include "agent/server_process.hpp"
#include "agent/traffic_switch.hpp"
#include "metrics/registry.hpp"
#include "runtime/clock.hpp"
#include "runtime/logging.hpp"

namespace nld::agent {

struct SupervisorOptions {
  std::vector<runtime::SocketAddress> addresses;  ///< to probe, with port
  runtime::Duration probe_interval = std::chrono::milliseconds(250);
  /// Without any answer for so long the server counts as hung. With the interval: 1.25 s at worst.
  runtime::Duration silence = std::chrono::seconds(1);
  /// A server that has not answered once by then is taken for hung, too (large files to load take time).
  runtime::Duration start_limit = std::chrono::seconds(30);
  /// The end of a server: SIGTERM; once more after `ask_again` (ours cuts its lame duck time short then);
  /// SIGKILL after `stop_limit`.
  runtime::Duration ask_again = std::chrono::seconds(1);
  runtime::Duration stop_limit = std::chrono::milliseconds(3800);
  /// Why the server refuses its configuration, asked when it ends before it has answered; empty: unknown.
  std::function<std::string()> explain{};
};

struct ServerStatus {
  enum class State : std::uint8_t {
    waiting,   ///< for the next start (backoff)
    starting,  ///< runs, has not answered yet
    serving,
    hung,    ///< being taken out
    ending,  ///< on its way to a replacement, or for good
    stopped,
  };
  State state = State::waiting;
  pid_t pid = 0;  ///< 0: none
  bool adopted = false;
  std::chrono::system_clock::time_point started;
  std::uint64_t restarts = 0;
  std::optional<runtime::Duration> last_probe;     ///< how long the last answer took
  std::string last_end;                            ///< "exited with 1: Corefile:3: …"
  std::optional<runtime::Duration> next_start_in;  ///< in State::waiting
};
std::string_view to_string(ServerStatus::State state) noexcept;

/// Everything on one loop. The order in which a hung server is taken out (rules first, then SIGKILL) keeps
/// its sockets from swallowing queries in between.
class Supervisor {
 public:
  Supervisor(SupervisorOptions options, ServerLauncher& launcher, Prober& prober, TrafficSwitch& traffic,
             runtime::Clock& clock, Journal& journal, metrics::Registry& metrics, runtime::Log& log);

  /// Takes over an orphan of the same command; replaces one of another; starts one else.
  void start();
  /// `done` runs once the server is gone, `stop_limit` later at most. Called again: SIGKILL now.
  void stop(std::function<void()> done);
  /// For SIGHUP and SIGUSR1.
  void forward_signal(int number);
  [[nodiscard]] ServerStatus status() const;

 private:
  using State = ServerStatus::State;
  /// What is known of one local address under the current server.
  struct AddressState {
    bool answered = false;
    runtime::TimePoint last_answer;
  };

  void launch();
  void launch_later();
  void launch_if_due();
  /// Before a server is started: packets go to the cluster DNS until it has answered.
  void take_packets_away();
  void watch(std::unique_ptr<ServerProcess> process);
  void on_exit(const std::string& how);
  void schedule_probes();
  void send_probes();
  void on_probe(std::size_t address, runtime::TimePoint asked, const ProbeResult& result);
  void on_answer(AddressState& address, const ProbeResult& result);
  void on_serving();
  void on_hang(const std::string& why);
  void kill_hung();
  void end_process(std::function<void()> done);
  void count_restart(const char* cause);
  metrics::Counter& failovers(const char* cause);
  metrics::Counter& restarts(const char* cause);
  void lost(std::string cause, const char* label);

  SupervisorOptions options_;
  ServerLauncher& launcher_;
  Prober& prober_;
  TrafficSwitch& traffic_;
  runtime::Clock& clock_;
  Journal& journal_;
  metrics::Registry& metrics_;
  runtime::Log& log_;
  metrics::Histogram& probe_duration_;
  std::vector<metrics::GaugeHandle> gauges_;

  State state_ = State::waiting;
  std::unique_ptr<ServerProcess> process_;
  std::unique_ptr<ServerProcess> finished_;  ///< kept until its exit handler has returned
  std::uint64_t life_ = 0;                   ///< probes of a former server say nothing of this one
  std::vector<AddressState> addresses_;
  runtime::TimePoint launched_;
  runtime::TimePoint serving_since_;
  runtime::TimePoint next_start_;
  runtime::Duration backoff_;
  runtime::Duration patience_;
  std::uint64_t restarts_ = 0;
  std::optional<runtime::Duration> last_probe_;
  std::string last_end_;
  std::string hang_;           ///< why the current server is being killed
  bool pause_over_ = false;    ///< what the next start waits for: the backoff …
  bool packets_away_ = false;  ///< … and the switch
  bool stopping_ = false;
  std::function<void()> stopped_;
  runtime::Timer probe_timer_;
  runtime::Timer start_timer_;
  runtime::Timer switch_timer_;
  runtime::Timer kill_timer_;
  runtime::Timer ask_timer_;
};

}  // namespace nld::agent
