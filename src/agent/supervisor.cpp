// The life of the DNS server as a state machine.
#include "agent/supervisor.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>

namespace nld::agent {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr runtime::Duration kFirstBackoff = milliseconds(10);
constexpr runtime::Duration kMaxBackoff = seconds(10);
/// A server that served so long starts with a clean slate after its death.
constexpr runtime::Duration kProven = seconds(30);
/// Until the first answer: each is one datagram to a socket that may not be there yet.
constexpr runtime::Duration kStartProbeInterval = milliseconds(2);
constexpr runtime::Duration kSlowStart = seconds(2);  ///< after that the usual interval will do
/// The rules come first when a hung server is taken out, but a stuck iptables must not protect it.
constexpr runtime::Duration kSwitchLimit = milliseconds(250);
/// Killing a server that is merely slow makes it slower: each hang in a row is waited for twice as long.
constexpr runtime::Duration kMaxPatience = seconds(8);

constexpr double in_seconds(runtime::Duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

std::string_view to_string(ServerStatus::State state) noexcept {
  static constexpr std::array<std::string_view, 6> kNames{"waiting", "starting", "serving",
                                                          "hung",    "ending",   "stopped"};
  return kNames[static_cast<std::size_t>(state)];
}

Supervisor::Supervisor(SupervisorOptions options, ServerLauncher& launcher, Prober& prober,
                       TrafficSwitch& traffic, runtime::Clock& clock, Journal& journal,
                       metrics::Registry& metrics, runtime::Log& log)
    : options_(std::move(options)),
      launcher_(launcher),
      prober_(prober),
      traffic_(traffic),
      clock_(clock),
      journal_(journal),
      metrics_(metrics),
      log_(log),
      probe_duration_(metrics.histogram(
          {"node_local_dns_probe_duration_seconds", "Time the local DNS server took to answer a probe."},
          metrics::duration_buckets(), {}, 0)),
      backoff_(kFirstBackoff),
      patience_(options_.silence) {
  // From 0 on: increase() does not see a series begin, so an alert would miss the first event.
  for (const char* cause : {"exit", "signal", "hang", "replaced", "start"}) failovers(cause);
  for (const char* cause : {"exit", "signal", "hang"}) restarts(cause);
  gauges_.push_back(
      metrics.gauge({"node_local_dns_server_up",
                     "Whether the local DNS server answers (1) or packets go to the cluster DNS."},
                    {}, [this] { return state_ == State::serving ? 1.0 : 0.0; }));
  gauges_.push_back(metrics.gauge(
      {"node_local_dns_fallback_active", "Whether the cluster DNS answers for a server that was lost."}, {},
      [&journal] { return journal.on_fallback() ? 1.0 : 0.0; }));
  gauges_.push_back(
      metrics.gauge({"node_local_dns_fallback_seconds", "Time on the fallback since the agent started."}, {},
                    [this] { return in_seconds(journal_.fallback_time(clock_.now())); }));
}

// --- starting ---------------------------------------------------------------------------------------------

void Supervisor::start() {
  auto orphan = launcher_.find_orphan([this](const std::string& how) { on_exit(how); });
  if (!orphan.process) {
    pause_over_ = true;
    take_packets_away();
    return;
  }
  const pid_t pid = orphan.process->pid();
  launched_ = clock_.now();
  watch(std::move(orphan.process));
  if (orphan.same_command) {
    log_.info("adopted the DNS server that a former agent left, pid {}", pid);
    return;
  }
  log_.info("the DNS server that a former agent left (pid {}) runs another version or command: replacing it",
            pid);
  lost("replaced", "replaced");
  end_process([this] {
    pause_over_ = true;
    take_packets_away();
  });
}

void Supervisor::take_packets_away() {
  // Sockets may open before the server can answer, so nothing goes there before its first answer. And not
  // later than its start: a switch that comes after the first answer would bypass a server that works.
  packets_away_ = false;
  const auto away = [this, life = life_] {
    if (life != life_ || packets_away_) return;
    packets_away_ = true;
    launch_if_due();
  };
  switch_timer_ = clock_.after(kSwitchLimit, away);
  traffic_.server_lost(net::NodeRules::Loss::died, away);
}

void Supervisor::launch_if_due() {
  if (state_ == State::waiting && pause_over_ && packets_away_ && !stopping_) launch();
}

void Supervisor::launch() {
  start_timer_.cancel();
  switch_timer_.cancel();
  auto process = launcher_.launch([this](const std::string& how) { on_exit(how); });
  launched_ = clock_.now();
  if (!process) {
    last_end_ = process.error();
    log_.error("{}", last_end_);
    lost(last_end_, "start");
    launch_later();
    return;
  }
  watch(std::move(*process));
  log_.info("started the DNS server, pid {}", process_->pid());
}

void Supervisor::watch(std::unique_ptr<ServerProcess> process) {
  process_ = std::move(process);
  state_ = State::starting;
  ++life_;
  addresses_.assign(options_.addresses.size(), {});
  send_probes();
}

void Supervisor::launch_later() {
  state_ = State::waiting;
  next_start_ = clock_.now() + backoff_;
  pause_over_ = false;
  start_timer_ = clock_.after(backoff_, [this] {
    pause_over_ = true;
    launch_if_due();
  });
  backoff_ = std::min(backoff_ * 2, kMaxBackoff);
}

// --- probing ----------------------------------------------------------------------------------------------

void Supervisor::schedule_probes() {
  const bool eager = state_ == State::starting && clock_.now() - launched_ < kSlowStart;
  probe_timer_ =
      clock_.after(eager ? kStartProbeInterval : options_.probe_interval, [this] { send_probes(); });
}

void Supervisor::send_probes() {
  if (state_ != State::starting && state_ != State::serving) return;
  const runtime::TimePoint now = clock_.now();
  for (std::size_t at = 0; at < addresses_.size(); ++at) {
    prober_.probe(options_.addresses[at], process_->instance(), patience_,
                  [this, at, now, life = life_](const ProbeResult& result) {
                    if (life == life_) on_probe(at, now, result);
                  });
  }
  if (state_ == State::starting && now - launched_ > options_.start_limit) {
    on_hang(fmt::format("no answer within {} s of its start",
                        duration_cast<seconds>(options_.start_limit).count()));
    return;
  }
  schedule_probes();
}

void Supervisor::on_probe(std::size_t address, runtime::TimePoint asked, const ProbeResult& result) {
  if (state_ != State::starting && state_ != State::serving) return;
  AddressState& state = addresses_[address];
  if (result.kind == ProbeResult::Kind::answered) {
    on_answer(state, result);
    return;
  }
  // Silence counts where there were answers before, and while no later probe got one: a queue that
  // overflows loses some, a hang loses all.
  const bool silent = result.kind == ProbeResult::Kind::silent && state.answered && state.last_answer < asked;
  if (silent) {
    on_hang(fmt::format("no answer at {} for {} ms", options_.addresses[address].to_string(),
                        duration_cast<milliseconds>(patience_).count()));
  }
}

void Supervisor::on_answer(AddressState& address, const ProbeResult& result) {
  address.answered = true;
  address.last_answer = clock_.now();
  last_probe_ = result.latency;
  probe_duration_.observe(in_seconds(result.latency));
  if (state_ == State::starting) on_serving();
  if (clock_.now() - serving_since_ >= kProven) {
    backoff_ = kFirstBackoff;
    patience_ = options_.silence;
  }
}

void Supervisor::on_serving() {
  state_ = State::serving;
  serving_since_ = clock_.now();
  traffic_.server_answers();
  journal_.failover_ended(clock_.now());
  log_.info("the DNS server answers, pid {}, {} ms after its start", process_->pid(),
            duration_cast<milliseconds>(clock_.now() - launched_).count());
  schedule_probes();
}

// --- losing it --------------------------------------------------------------------------------------------

void Supervisor::lost(std::string cause, const char* label) {
  failovers(label).add();
  journal_.failover_began(std::move(cause), clock_.now());
}

void Supervisor::count_restart(const char* cause) {
  ++restarts_;
  restarts(cause).add();
}

metrics::Counter& Supervisor::failovers(const char* cause) {
  return metrics_.counter({"node_local_dns_failovers_total",
                           "Times the local DNS server was lost and the cluster DNS took over, by cause."},
                          {{"cause", cause}}, 0);
}

metrics::Counter& Supervisor::restarts(const char* cause) {
  return metrics_.counter(
      {"node_local_dns_server_restarts_total", "Restarts of the local DNS server, by cause."},
      {{"cause", cause}}, 0);
}

void Supervisor::on_hang(const std::string& why) {
  state_ = State::hung;
  hang_ = "hung: " + why;
  probe_timer_.cancel();
  log_.error("the DNS server hangs, pid {}: {}; packets go to the cluster DNS, it will be killed",
             process_->pid(), why);
  lost(hang_, "hang");
  patience_ = std::min(patience_ * 2, kMaxPatience);
  kill_timer_ = clock_.after(kSwitchLimit, [this] { kill_hung(); });
  traffic_.server_lost(net::NodeRules::Loss::hangs, [this, life = life_] {
    if (life == life_ && state_ == State::hung) kill_hung();
  });
}

void Supervisor::kill_hung() {
  kill_timer_.cancel();
  if (process_) process_->signal(SIGKILL);
}

void Supervisor::on_exit(const std::string& how) {
  const pid_t pid = process_->pid();
  finished_ = std::move(process_);  // it is its handler that runs
  ++life_;
  probe_timer_.cancel();
  kill_timer_.cancel();
  ask_timer_.cancel();
  const State before = std::exchange(state_, State::waiting);
  if (before == State::ending) {
    log_.info("the DNS server has ended, pid {}: {}", pid, how);
    if (stopping_) state_ = State::stopped;
    if (const auto done = std::exchange(stopped_, nullptr)) done();
    return;
  }
  last_end_ = before == State::hung ? hang_ : how;
  if (before == State::starting && options_.explain) {
    if (const std::string why = options_.explain(); !why.empty()) last_end_ += ": " + why;
  }
  if (before != State::hung) {
    log_.error("lost the DNS server, pid {}: {}; packets go to the cluster DNS", pid, last_end_);
    lost(last_end_, how.starts_with("killed") ? "signal" : "exit");
  }
  count_restart(before == State::hung ? "hang" : how.starts_with("killed") ? "signal" : "exit");
  launch_later();
  if (before == State::hung) {
    packets_away_ = true;
  } else {
    take_packets_away();
  }
}

// --- ending it --------------------------------------------------------------------------------------------

void Supervisor::end_process(std::function<void()> done) {
  state_ = State::ending;
  stopped_ = std::move(done);
  probe_timer_.cancel();
  process_->signal(SIGTERM);
  ask_timer_ = clock_.after(options_.ask_again, [this] { process_->signal(SIGTERM); });
  kill_timer_ = clock_.after(options_.stop_limit, [this] {
    log_.warn("the DNS server did not end in time, pid {}: killing it", process_->pid());
    process_->signal(SIGKILL);
  });
}

void Supervisor::stop(std::function<void()> done) {
  if (std::exchange(stopping_, true)) {
    if (process_) process_->signal(SIGKILL);
    return;
  }
  start_timer_.cancel();
  switch_timer_.cancel();
  if (!process_) {
    state_ = State::stopped;
    done();
    return;
  }
  if (state_ == State::hung) {
    process_->signal(SIGKILL);
    state_ = State::ending;
    stopped_ = std::move(done);
    return;
  }
  // Clients of the host's own network are not led by the sockets: they go over before the server does.
  traffic_.server_lost(net::NodeRules::Loss::died, [] {});
  end_process(std::move(done));
}

void Supervisor::forward_signal(int number) {
  if (process_ && state_ != State::ending) process_->signal(number);
}

ServerStatus Supervisor::status() const {
  ServerStatus status;
  status.state = state_;
  status.restarts = restarts_;
  status.last_probe = last_probe_;
  status.last_end = last_end_;
  if (process_) {
    status.pid = process_->pid();
    status.adopted = process_->adopted();
    status.started = process_->started();
  }
  if (state_ == State::waiting) {
    status.next_start_in = std::max(next_start_ - clock_.now(), runtime::Duration::zero());
  }
  return status;
}

}  // namespace nld::agent
