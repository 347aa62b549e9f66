// The thread, its schedule, and one pass over rules and interface.
#include "agent/co_process.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "net/kube_proxy/restore_failures.hpp"

namespace nld::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// nft 1.0.6 reads all flows of a table that it lists: 5 s when the fallback carries as many as it can.
constexpr auto kCommandLimit = seconds(10);
/// A change comes as a bundle of messages: look when it is likely to be complete.
constexpr runtime::Duration kSettle = milliseconds(20);
/// Events that never end (another program fights for the same rules) cost this many passes at most.
constexpr runtime::Duration kEventPause = milliseconds(250);
/// What another method or program left is cleared once the server is up: pods need not wait for it.
constexpr runtime::Duration kLeftoversAfter = milliseconds(200);
constexpr runtime::Duration kFirstRetry = milliseconds(500);
constexpr runtime::Duration kMaxRetry = seconds(30);
/// How often kube-proxy's failures are looked at while our rules could cause them, and for how long our
/// references stay away then: kube-proxy tries again within 30 s.
constexpr runtime::Duration kKubeProxyInterval = seconds(5);
constexpr runtime::Duration kKubeProxyPause = seconds(60);
/// The metrics of this thread; the main one has 0.
constexpr std::size_t kWorker = 1;

void block_signals() noexcept {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

CoProcess::CoProcess(const AgentOptions& options, boost::asio::io_context& home, Peers peers,
                     Journal& journal, metrics::Registry& metrics, runtime::Log& log)
    : options_(options),
      home_(home),
      peers_(std::move(peers)),
      journal_(journal),
      metrics_(metrics),
      log_(log),
      commands_(kCommandLimit),
      rules_(options.rules, commands_),
      link_(options.interface, options.rules.addresses),
      duration_(metrics.histogram({"node_local_dns_reconcile_duration_seconds",
                                   "Time of one check of rules and interface, repairs included."},
                                  metrics::duration_buckets(), {}, kWorker)),
      retry_(kFirstRetry) {
  // From 0 on: increase() does not see a series begin, so an alert would miss the first event.
  using Kind = net::Repair::Kind;
  using net::Fault;
  for (const Kind kind : {Kind::interface, Kind::address, Kind::link, Kind::iptables, Kind::nftables}) {
    for (const Fault fault : {Fault::missing, Fault::altered}) repairs_of(kind, fault);
  }
  for (const Kind kind : {Kind::iptables, Kind::nftables}) {
    for (const Fault fault : {Fault::duplicated, Fault::out_of_order, Fault::stale, Fault::foreign}) {
      repairs_of(kind, fault);
    }
  }
  gauges_.push_back(
      metrics.gauge({"node_local_dns_reconcile_last_success_timestamp_seconds",
                     "When rules and interface were last found or made right."},
                    {}, [this] {
                      const std::lock_guard lock(mutex_);
                      if (!status_.checked) return 0.0;
                      return std::chrono::duration<double>(status_.checked->time_since_epoch()).count();
                    }));
  const auto part = [&](const char* name, auto read) {
    gauges_.push_back(
        metrics.gauge({"node_local_dns_network_ready", "Whether this part was right at the last check."},
                      {{"part", name}}, [this, read] {
                        const std::lock_guard lock(mutex_);
                        return read(status_) ? 1.0 : 0.0;
                      }));
  };
  if (options_.setup_rules) {
    part("rules", [](const NetworkStatus& status) {
      return status.has_rules && status.rules_checked && status.rules_error.empty();
    });
  }
  if (options_.setup_interface) {
    part("interface", [](const NetworkStatus& status) { return status.link && status.link_error.empty(); });
  }
  // Known to node-cache's dashboards: they want the series before the first error.
  for (const char* type : {"iptables", "iptables_lock", "interface_add", "interface_check", "configmap"}) {
    metrics_.counter(
        {"coredns_nodecache_setup_errors_total", "The number of errors during periodic network setup."},
        {{"errortype", type}}, kWorker);
  }
}

metrics::Counter& CoProcess::repairs_of(net::Repair::Kind kind, net::Fault fault) {
  return metrics_.counter(
      {"node_local_dns_repairs_total", "Repairs of rules and interface, by what was wrong."},
      {{"kind", std::string(to_string(kind))}, {"fault", std::string(to_string(fault))}}, kWorker);
}

CoProcess::~CoProcess() {
  if (thread_.joinable()) stop(seconds(1));
}

void CoProcess::bring_up_rules() {
  if (!options_.setup_rules) return;
  if (!peers_.others()) rules_.expect_no_server();
  reconcile_rules(Cause::start);
}

void CoProcess::bring_up_link() {
  if (options_.setup_interface) reconcile_link(Cause::start);
  up_ = true;
  if (!rules_error_.empty() || !link_error_.empty()) return;
  const std::lock_guard lock(mutex_);
  status_.checked = std::chrono::system_clock::now();
}

void CoProcess::start() {
  auto events = net::KernelEvents::open(loop_, [this](const net::KernelEvent& event) { on_event(event); });
  if (events) {
    events_ = std::move(*events);
    if (!events_->missing().empty())
      log_.warn("changes are found by the next check only: {}", events_->missing());
  } else {
    log_.warn("changes are found by the next check only: {}", events.error());
  }
  // What changed between the first pass and now made no event.
  schedule(kSettle, Cause::event);
  thread_ = std::thread([this] {
    block_signals();
    const auto work = boost::asio::make_work_guard(loop_);
    loop_.run();
    ended_.set_value();
  });
}

bool CoProcess::stop(milliseconds patience) {
  if (!thread_.joinable()) return true;
  boost::asio::post(loop_, [this] {
    timer_.cancel();
    events_.reset();
    loop_.stop();
  });
  if (ended_.get_future().wait_for(patience) != std::future_status::ready) {
    thread_.detach();
    return false;
  }
  thread_.join();
  return true;
}

void CoProcess::take_down() {
  if (peers_.others()) {
    log_.info("another agent serves {}: interface and rules stay", options_.interface);
    return;
  }
  if (options_.setup_rules && options_.rules.mode == net::Mode::notrack && !options_.skip_teardown) {
    net::NodeRules rules(options_.rules, commands_);
    const net::RulesOutcome outcome = rules.remove();
    if (outcome.failure) log_.error("removing the rules: {}", outcome.failure->what);
    log_.info("removed {} rules", outcome.repairs.size());
  }
  if (!options_.setup_interface || options_.skip_teardown) return;
  // Objects of its own: the co-process's thread may still hang in one of the others.
  net::LocalLink link(options_.interface, options_.rules.addresses);
  const auto removed = link.remove();
  if (!removed) {
    log_.error("removing interface {}: {}", options_.interface, removed.error());
  } else if (*removed) {
    log_.info("removed interface {}", options_.interface);
  }
}

// --- the schedule -----------------------------------------------------------------------------------------

void CoProcess::schedule(runtime::Duration delay, Cause cause) {
  const runtime::TimePoint when = clock_.now() + delay;
  if (timer_.armed() && due_ <= when) return;
  due_ = when;
  timer_ = clock_.at(when, [this, cause] {
    timer_.cancel();
    reconcile(cause);
  });
}

void CoProcess::on_event(const net::KernelEvent& event) {
  using Kind = net::KernelEvent::Kind;
  const bool ours =
      event.kind == Kind::overrun || (event.kind == Kind::rule ? rules_.concerns(event.name, event.chain)
                                                               : event.name == options_.interface);
  if (!ours) return;
  const runtime::Duration pause = std::max(kSettle, earliest_ - clock_.now());
  schedule(pause, Cause::event);
}

void CoProcess::reconcile(Cause cause) {
  if (peers_.superseded()) {
    // Two versions with two ideas of the same rules would mend each other's work without end.
    schedule(options_.sync_interval, Cause::interval);
    return;
  }
  const runtime::TimePoint began = clock_.now();
  if (cause == Cause::interval && !look_at_kube_proxy() && began < check_due_) {
    schedule(std::min(kKubeProxyInterval, check_due_ - began), Cause::interval);
    return;
  }
  const bool rules = !options_.setup_rules || reconcile_rules(cause);
  const bool link = !options_.setup_interface || reconcile_link(cause);
  duration_.observe(std::chrono::duration<double>(clock_.now() - began).count());
  earliest_ = clock_.now() + kEventPause;
  runtime::Duration next = options_.sync_interval;
  if (options_.setup_rules && !rules_.cleared()) next = std::min(next, kLeftoversAfter);
  if (rules && link) {
    retry_ = kFirstRetry;
    const std::lock_guard lock(mutex_);
    status_.checked = std::chrono::system_clock::now();
  } else {
    next = std::min(next, retry_);
    retry_ = std::min(retry_ * 2, kMaxRetry);
  }
  // kube-proxy makes the chains that our rules lack: no event tells.
  const bool lacks = !rules && rules_.refers_to_kube_proxy();
  check_due_ = clock_.now() + (lacks ? std::min(next, kKubeProxyInterval) : next);
  if (rules_.refers_to_kube_proxy()) next = std::min(next, kKubeProxyInterval);
  schedule(next, Cause::interval);
}

// --- one pass ---------------------------------------------------------------------------------------------

bool CoProcess::reconcile_rules(Cause cause) {
  if (cause != Cause::event) {
    const auto mode_before = rules_.decision().kube_proxy.mode;
    const net::RulesDecision& decision = rules_.decide(net::NodeRules::Settle::for_good);
    if (up_ && decision.kube_proxy.mode != mode_before) {
      log_.info("kube-proxy's mode is {} now ({})", to_string(decision.kube_proxy.mode),
                decision.kube_proxy.source);
    }
  }
  net::RulesOutcome outcome = rules_.ensure();
  note(outcome.repairs, cause);
  if (cause == Cause::interval && !outcome.failure) {
    outcome = rules_.clear_leftovers();
    note(outcome.repairs, cause);
  }
  warn();
  if (outcome.failure) {
    fail(rules_error_, outcome.failure->what, "rules",
         outcome.failure->locked ? "iptables_lock" : "iptables");
  } else {
    rules_error_.clear();
  }
  const std::lock_guard lock(mutex_);
  status_.decision = rules_.decision();
  status_.has_rules = !rules_.wanted().empty();
  status_.rules_error = rules_error_;
  if (!outcome.failure) status_.rules_checked = std::chrono::system_clock::now();
  return !outcome.failure;
}

bool CoProcess::reconcile_link(Cause cause) {
  const auto done = link_.ensure();
  if (done) {
    link_error_.clear();
    note(*done, cause);
    if (link_.stand_in() && !std::exchange(stand_in_told_, true)) {
      log_.warn("this kernel has no dummy interfaces: {} is of type {} instead", options_.interface,
                *link_.stand_in());
    }
  } else {
    fail(link_error_, done.error().what, "interface", up_ ? "interface_check" : "interface_add");
  }
  const auto seen = link_.look();
  const std::lock_guard lock(mutex_);
  status_.link = seen ? *seen : std::nullopt;
  status_.link_error = link_error_;
  return done.has_value();
}

void CoProcess::note(const std::vector<net::Repair>& repairs, Cause cause) {
  for (const net::Repair& repair : repairs) {
    const bool foreign = repair.fault == net::Fault::foreign;
    if (foreign) log_.warn("removed a rule that node-cache left: {}", describe(repair));
    if (!up_ && !foreign) {
      log_.info("set up: {}", describe(repair));
      continue;
    }
    if (!foreign) {
      log_.warn("repaired: {} was {}{}", describe(repair), to_string(repair.fault),
                cause == Cause::event ? " (the kernel told)" : "");
    }
    journal_.repaired(repair);
    repairs_of(repair.kind, repair.fault).add();
  }
  if (!up_ || repairs.empty()) return;
  const std::lock_guard lock(mutex_);
  status_.repaired = std::chrono::system_clock::now();
}

void CoProcess::warn() {
  if (rules_.decision().warnings == warned_) return;
  warned_ = rules_.decision().warnings;
  for (const std::string& warning : warned_) log_.warn("{}", warning);
}

void CoProcess::fail(std::string& last, const std::string& what, const char* kind, const char* metric_type) {
  count_error(metric_type);
  if (last == what) return;  // said already, and tried again all the time
  last = what;
  log_.error("{}: {}", kind, what);
}

void CoProcess::count_error(const char* type) {
  metrics_
      .counter(
          {"coredns_nodecache_setup_errors_total", "The number of errors during periodic network setup."},
          {{"errortype", type}}, kWorker)
      .add();
}

bool CoProcess::look_at_kube_proxy() {
  if (!rules_.refers_to_kube_proxy()) return false;
  bool changed = false;
  if (aside_for_kube_proxy_until_ && clock_.now() >= *aside_for_kube_proxy_until_) {
    aside_for_kube_proxy_until_.reset();
    rules_.step_aside_for_kube_proxy(false);
    changed = true;
    log_.info("our chain refers to kube-proxy's chains again");
  }
  const auto failures = net::kube_proxy_restore_failures();
  const auto before = std::exchange(restore_failures_, failures);
  if (!failures || !before || *failures <= *before) return changed;
  // A chain that we jump to cannot be deleted, and kube-proxy then fails to write anything at all.
  rules_.step_aside_for_kube_proxy(true);
  if (!aside_for_kube_proxy_until_) {
    log_.warn(
        "kube-proxy could not write its rules: our chain lets go of its chains for {} s, without a fallback",
        std::chrono::duration_cast<seconds>(kKubeProxyPause).count());
  }
  aside_for_kube_proxy_until_ = clock_.now() + kKubeProxyPause;
  return true;
}

// --- the switch -------------------------------------------------------------------------------------------

void CoProcess::server_lost(net::NodeRules::Loss loss, std::function<void()> done) {
  boost::asio::post(loop_, [this, loss, request = ++switch_requests_, done = std::move(done)]() mutable {
    // With another agent's server beside ours the address goes on being served.
    const bool shared = loss == net::NodeRules::Loss::died ? peers_.others() : peers_.superseded();
    if (options_.setup_rules && !shared && !overtaken(request)) {
      if (const auto set = rules_.server_lost(loss); !set) {
        log_.warn("switching to the cluster DNS: {}", set.error().what);
      }
    }
    boost::asio::post(home_, std::move(done));
  });
}

void CoProcess::server_answers() {
  boost::asio::post(loop_, [this, request = ++switch_requests_] {
    if (!options_.setup_rules || peers_.superseded() || overtaken(request)) return;
    if (const auto set = rules_.server_answers(); !set) {
      log_.error("switching back to the local server: {}", set.error().what);
      schedule(kFirstRetry, Cause::retry);
    }
  });
}

NetworkStatus CoProcess::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace nld::agent
