// A supervisor whose clock, server, probes and network a test moves by hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/supervisor.hpp"
#include "runtime/captured_log.hpp"
#include "runtime/manual_clock.hpp"

namespace nld::agent {

/// What happened, in order: "launch", "signal 9", "lost died", "answers".
using Events = std::vector<std::string>;

class FakeProcess final : public ServerProcess {
 public:
  FakeProcess(pid_t pid, bool adopted, ExitHandler on_exit, Events& events)
      : pid_(pid), adopted_(adopted), on_exit_(std::move(on_exit)), events_(events) {}
  [[nodiscard]] pid_t pid() const noexcept override { return pid_; }
  [[nodiscard]] bool adopted() const noexcept override { return adopted_; }
  [[nodiscard]] std::chrono::system_clock::time_point started() const noexcept override { return {}; }
  [[nodiscard]] const std::string& instance() const noexcept override { return instance_; }
  void signal(int number) noexcept override { events_.push_back("signal " + std::to_string(number)); }
  void end(const std::string& how) {
    const ExitHandler tell = std::move(on_exit_);
    tell(how);
  }

 private:
  pid_t pid_;
  std::string instance_ = std::to_string(pid_);
  bool adopted_;
  ExitHandler on_exit_;
  Events& events_;
};

class FakeLauncher final : public ServerLauncher {
 public:
  explicit FakeLauncher(Events& events) : events_(events) {}
  std::expected<std::unique_ptr<ServerProcess>, std::string> launch(ExitHandler on_exit) override {
    events_.emplace_back("launch");
    if (!broken.empty()) return std::unexpected(broken);
    auto process = std::make_unique<FakeProcess>(next_pid++, false, std::move(on_exit), events_);
    current = process.get();
    return process;
  }
  Orphan find_orphan(ExitHandler on_exit) override {
    if (!orphan) return {};
    auto process = std::make_unique<FakeProcess>(99, true, std::move(on_exit), events_);
    current = process.get();
    return {std::move(process), same_command};
  }

  bool orphan = false;
  bool same_command = true;
  std::string broken;
  pid_t next_pid = 100;
  FakeProcess* current = nullptr;

 private:
  Events& events_;
};

/// Keeps every probe until the test settles it, or answers all by itself.
class FakeProber final : public Prober {
 public:
  explicit FakeProber(runtime::ManualClock& clock) : clock_(clock) {}
  void probe(const runtime::SocketAddress& server, const std::string& instance, runtime::Duration limit,
             Done done) override {
    ++asked;
    last_instance = instance;
    last_limit = limit;
    const auto kind = dead.contains(server.ip_text()) ? dead.at(server.ip_text()) : usual;
    // As the real one: an answer comes soon, silence shows at the limit.
    const runtime::Duration after =
        kind == ProbeResult::Kind::silent ? limit : std::chrono::microseconds(100);
    const auto number = next_++;
    timers_.emplace(number, clock_.after(after, [this, number, kind, done = std::move(done)] {
      const runtime::Timer keep = std::move(timers_.extract(number).mapped());
      done({kind, std::chrono::microseconds(100)});
    }));
  }

  ProbeResult::Kind usual = ProbeResult::Kind::answered;
  std::map<std::string, ProbeResult::Kind> dead;
  int asked = 0;
  runtime::Duration last_limit{};
  std::string last_instance;

 private:
  runtime::ManualClock& clock_;
  int next_ = 0;
  std::map<int, runtime::Timer> timers_;
};

class FakeTraffic final : public TrafficSwitch {
 public:
  explicit FakeTraffic(Events& events) : events_(events) {}
  void server_lost(net::NodeRules::Loss loss, std::function<void()> done) override {
    events_.emplace_back(loss == net::NodeRules::Loss::hangs ? "lost hangs" : "lost died");
    pending = std::move(done);
    if (loss == net::NodeRules::Loss::died && !slow) pending();
  }
  void server_answers() override { events_.emplace_back("answers"); }
  std::function<void()> pending;
  bool slow = false;  ///< the test says when the rules lead to the cluster DNS

 private:
  Events& events_;
};

class SupervisorTest : public testing::Test {
 protected:
  Supervisor& supervisor() {
    if (!supervisor_) {
      supervisor_ = std::make_unique<Supervisor>(options_, launcher_, prober_, traffic_, clock_, journal_,
                                                 metrics_, log_);
    }
    return *supervisor_;
  }
  void pass(std::chrono::milliseconds time) { clock_.advance(time); }
  /// Starts and lets the first probe be answered.
  void start_serving() {
    supervisor().start();
    pass(std::chrono::milliseconds(1));
    ASSERT_EQ(supervisor().status().state, ServerStatus::State::serving);
    events_.clear();
  }
  [[nodiscard]] bool logged(const std::string& part) const {
    return std::ranges::any_of(log_.lines(),
                               [&](const std::string& line) { return line.find(part) != line.npos; });
  }
  [[nodiscard]] bool exposes(const std::string& line) const {
    return metrics_.expose().find(line + "\n") != std::string::npos;
  }

  Events events_;
  runtime::ManualClock clock_;
  runtime::CapturedLog log_;
  metrics::Registry metrics_;
  Journal journal_;
  FakeLauncher launcher_{events_};
  FakeProber prober_{clock_};
  FakeTraffic traffic_{events_};
  SupervisorOptions options_{.addresses = {*runtime::SocketAddress::from_ip("169.254.20.10", 53)}};
  std::unique_ptr<Supervisor> supervisor_;
};

}  // namespace nld::agent
