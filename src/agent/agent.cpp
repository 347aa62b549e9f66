// Start and stop, in the order that loses nothing.
#include "agent/agent.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "agent/readiness.hpp"
#include "agent/status.hpp"
#include "corefile/syntax.hpp"
#include "plugins/bind/interfaces.hpp"

namespace nld::agent {
namespace {

/// Stop ends within 5 s whatever hangs: 3.8 s for the server (Supervisor), the rest for everything else.
constexpr unsigned kStopSeconds = 5;
constexpr auto kCoProcessPatience = std::chrono::milliseconds(500);

SupervisorOptions supervisor_options(const AgentOptions& options, std::function<std::string()> explain) {
  SupervisorOptions out;
  out.addresses = options.rules.addresses;
  for (auto& address : out.addresses) address.set_port(options.rules.port);
  out.probe_interval = options.probe_interval;
  if (options.own_server()) out.explain = std::move(explain);
  return out;
}

ServerCommand server_command(const AgentOptions& options, const std::string& version) {
  ServerCommand command{
      .program = {}, .argv = options.server_command, .interface = options.interface, .version = version};
  if (options.own_server()) {
    // The file of this process even when it was replaced or removed since.
    command.program = "/proc/self/exe";
    command.argv = {"node-local-dns", "serve"};
    command.tells_itself = true;
    command.argv.insert(command.argv.end(), options.serve_arguments.begin(), options.serve_arguments.end());
  } else {
    command.program = command.argv.front();
  }
  return command;
}

}  // namespace

Agent::Agent(AgentOptions options, std::string version, runtime::Log& log)
    : options_(std::move(options)),
      version_(std::move(version)),
      log_(log),
      prober_(loop_, clock_, random_, options_.probe_name),
      launcher_(loop_, clock_, server_command(options_, version_)),
      network_(options_, loop_,
               {.others = [this] { return presence_ && presence_->others(); },
                .superseded = [this] { return presence_ && presence_->superseded(); }},
               journal_, metrics_, log_),
      supervisor_(supervisor_options(options_, [this] { return why_refused(); }), launcher_, prober_,
                  network_, clock_, journal_, metrics_, log_),
      signals_(loop_) {}

Agent::~Agent() = default;

std::string Agent::why_refused() const {
  server::CorefileSource source(options_.corefile, plugins::real_surroundings_with_interfaces());
  const auto loaded = source.load();
  return loaded ? std::string() : loaded.error();
}

int Agent::run() {
  // First of all: a stop while the network is being brought up must still be one in order.
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) signals_.add(number);
  ::signal(SIGPIPE, SIG_IGN);
  if (const auto started = start(); !started) {
    log_.error("{}", started.error());
    return 1;
  }
  loop_.run();
  end();
  return exit_code_;
}

std::expected<void, std::string> Agent::start() {
  // Before anything is touched: an agent that is about to leave must see that it is not the last.
  auto presence = Presence::announce(loop_, options_.interface, [this] { return report(); });
  if (!presence) return std::unexpected(presence.error());
  presence_ = std::move(*presence);
  network_.bring_up_rules();
  if (options_.own_server()) {
    log_.info("configuration: {}", options_.configuration);
    // With the rules in place, pods are served by the cluster DNS while somebody mends the file.
    if (const std::string why = why_refused(); !why.empty()) return std::unexpected(why);
  }
  network_.bring_up_link();
  network_.start();
  serve_metrics();
  write_pid_file();
  wait_for_signals();
  supervisor_.start();
  const net::RulesDecision decision = network_.status().decision;
  log_.info("node-local-dns {} agent: mode {}, {}, kube-proxy {} ({})", version_,
            to_string(options_.rules.mode),
            options_.rules.mode == net::Mode::fallback
                ? std::string("fallback by ") + std::string(to_string(decision.method)) + " (" +
                      decision.method_reason + ")"
                : std::string("no method"),
            to_string(decision.kube_proxy.mode), decision.kube_proxy.source);
  gauges_.push_back(
      metrics_.gauge({"node_local_dns_agent_info", "A metric with a constant '1' value: this agent."},
                     {{"version", version_},
                      {"mode", std::string(to_string(options_.rules.mode))},
                      {"method", std::string(to_string(decision.method))}},
                     [] { return 1.0; }));
  return {};
}

void Agent::serve_metrics() {
  if (!options_.metrics_address) return;
  auto listener = http::PatientListener::open(
      loop_, clock_, log_, *options_.metrics_address,
      {{"/metrics",
        [this] { return http::Response{.content_type = http::kExpositionType, .body = metrics_.expose()}; }},
       // Liveness is the loop's alone: a server that is down is this agent's to mend, and a new pod would not
       // do it better.
       {"/healthz", [] { return http::Response{.body = "ok\n"}; }},
       {"/readyz", [this] { return readiness(); }}});
  if (listener) {
    metrics_listener_ = std::move(*listener);
  } else {
    log_.error("no metrics: {}", listener.error());
  }
}

void Agent::write_pid_file() const {
  if (options_.pid_file.empty()) return;
  std::ofstream file(options_.pid_file, std::ios::trunc);
  file << ::getpid() << '\n';
  if (!file.flush()) log_.error("cannot write {}", options_.pid_file.string());
}

void Agent::wait_for_signals() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    if (number == SIGHUP || number == SIGUSR1) {
      supervisor_.forward_signal(number);
    } else {
      log_.info("{}: stopping", number == SIGTERM ? "SIGTERM" : "SIGINT");
      stop();
    }
    wait_for_signals();
  });
}

void Agent::stop() {
  // SIGALRM's default action ends the process: a bound that holds whatever any thread does.
  if (!std::exchange(stopping_, true)) ::alarm(kStopSeconds);
  supervisor_.stop([this] { loop_.stop(); });
}

void Agent::end() {
  const bool ended = network_.stop(kCoProcessPatience);
  presence_->leave();
  network_.take_down();
  if (!options_.pid_file.empty()) {
    std::error_code ignored;
    std::filesystem::remove(options_.pid_file, ignored);
  }
  if (!ended) {
    log_.warn("the co-process is busy and left behind");
    std::_Exit(exit_code_);  // its thread still uses what destructors would take away
  }
  log_.info("stopped");
}

http::Response Agent::readiness() const {
  const auto missing = what_is_missing(options_, network_.status(), supervisor_.status());
  if (missing.empty()) return {.body = "ok\n"};
  return {.status = 503, .body = fmt::format("{}\n", fmt::join(missing, "\n"))};
}

std::string Agent::report() const {
  return to_json(options_, version_, network_.status(), supervisor_.status(), journal_).dump();
}

}  // namespace nld::agent
