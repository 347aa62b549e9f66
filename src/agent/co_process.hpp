// The co-process: a thread that keeps rules and interface as they should be, every sync interval and at once
// when the kernel says that something changed.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/journal.hpp"
#include "agent/options.hpp"
#include "agent/traffic_switch.hpp"
#include "metrics/registry.hpp"
#include "net/kernel_events.hpp"
#include "net/link/local_link.hpp"
#include "runtime/asio_clock.hpp"
#include "runtime/logging.hpp"

namespace nld::agent {

/// What the co-process asks about other agents of its interface; any thread.
struct Peers {
  std::function<bool()> others;      ///< there are some
  std::function<bool()> superseded;  ///< one of them began later: rules and switch are that one's now
};

/// The state of the network as of the last look.
struct NetworkStatus {
  bool has_rules = false;  ///< there are any to keep (a fallback needs to know the cluster DNS, for example)
  net::RulesDecision decision;
  std::optional<net::LinkState> link;
  std::string rules_error;  ///< of the last pass; empty: fine
  std::string link_error;
  std::optional<WallTime> rules_checked;  ///< the last pass that found or put them in order
  std::optional<WallTime> checked;        ///< the last pass without any error
  std::optional<WallTime> repaired;       ///< the last repair
};

/// `bring_up` and `take_down` run on the caller's thread, before `start` and after `stop`; the rest may be
/// called from the home loop's thread at any time between those two.
class CoProcess final : public TrafficSwitch {
 public:
  CoProcess(const AgentOptions& options, boost::asio::io_context& home, Peers peers, Journal& journal,
            metrics::Registry& metrics, runtime::Log& log);
  ~CoProcess() override;

  /// Rules, then interface: the order in which nothing is lost.
  void bring_up_rules();
  void bring_up_link();
  void start();
  /// False: its thread hangs in a system call and must be left behind.
  bool stop(std::chrono::milliseconds patience);
  /// What the end of the agent removes: the interface (unless told to keep it, or others use it), and rules
  /// of a mode that has no fallback.
  void take_down();

  void server_lost(net::NodeRules::Loss loss, std::function<void()> done) override;
  void server_answers() override;

  [[nodiscard]] NetworkStatus status() const;

 private:
  enum class Cause : std::uint8_t { start, interval, event, retry };
  void reconcile(Cause cause);
  bool reconcile_rules(Cause cause);
  bool reconcile_link(Cause cause);
  void note(const std::vector<net::Repair>& repairs, Cause cause);
  metrics::Counter& repairs_of(net::Repair::Kind kind, net::Fault fault);
  void warn();
  void fail(std::string& last, const std::string& what, const char* kind, const char* metric_type);
  void on_event(const net::KernelEvent& event);
  void schedule(runtime::Duration delay, Cause cause);
  /// True when our rules have to change for it.
  bool look_at_kube_proxy();
  void count_error(const char* type);

  AgentOptions options_;
  boost::asio::io_context& home_;
  Peers peers_;
  Journal& journal_;
  metrics::Registry& metrics_;
  runtime::Log& log_;
  net::SystemCommands commands_;
  net::NodeRules rules_;
  net::LocalLink link_;
  metrics::Histogram& duration_;
  std::vector<metrics::GaugeHandle> gauges_;

  boost::asio::io_context loop_{1};
  runtime::AsioClock clock_{loop_};
  std::optional<net::KernelEvents> events_;
  runtime::Timer timer_;
  runtime::TimePoint due_;        ///< when `timer_` fires
  runtime::TimePoint check_due_;  ///< of the next pass that nothing else causes
  runtime::TimePoint earliest_;   ///< of the next pass that events cause
  runtime::Duration retry_;
  bool up_ = false;  ///< the first pass is over: what is mended from now on is a repair
  bool stand_in_told_ = false;
  std::string rules_error_;
  std::string link_error_;
  std::vector<std::string> warned_;
  std::optional<double> restore_failures_;
  std::optional<runtime::TimePoint> aside_for_kube_proxy_until_;

  /// Of the switch. A request that a later one has overtaken while it waited for this thread is not carried
  /// out: the server that it knew has a successor by then.
  std::atomic<std::uint64_t> switch_requests_{0};
  [[nodiscard]] bool overtaken(std::uint64_t request) const noexcept {
    return request != switch_requests_.load();
  }

  mutable std::mutex mutex_;
  NetworkStatus status_;
  std::thread thread_;
  std::promise<void> ended_;
};

}  // namespace nld::agent
