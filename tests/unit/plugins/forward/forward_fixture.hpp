// A `forward` in a chain, its upstreams scripted, time in the test's hands.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "pipeline/plugin.hpp"
#include "plugins/forward/forward.hpp"
#include "runtime/task.hpp"
#include "unit/upstream/support/fake_exchanger.hpp"
#include "unit/upstream/support/harness.hpp"

namespace nld::testing {

/// One query under way and its reply.
struct Asking {
  Message packet;
  pipeline::Request request;
  pipeline::Reply reply;
  bool done = false;
};
using AskingPtr = std::shared_ptr<Asking>;

struct ForwardFixture : ::testing::Test, Harness {
  std::map<std::string, std::shared_ptr<FakeExchanger>> fakes;
  std::vector<std::string> sequence;  ///< upstreams in the order they were asked
  upstream::WorkerUpstreams transports{
      [this](const runtime::SocketAddress& address, const upstream::TransportOptions&) {
        return std::make_shared<Recorder>(*this, address.ip_text());
      }};
  upstream::WorkerUpstreams check_transports{
      [this](const runtime::SocketAddress& address, const upstream::TransportOptions&) {
        return fake("check " + address.ip_text());
      }};
  upstream::HealthRegistry health{loop, clock, check_transports, registry, 9};
  plugins::ForwardConfig config;
  std::vector<plugins::ForwardConfig> more;  ///< `forward`s behind the first
  std::shared_ptr<const pipeline::Chain> chain;
  std::shared_ptr<plugins::ForwardShared> shared;

  ForwardFixture() {
    config.policy = plugins::ForwardPolicy::sequential;
    upstreams({"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  }
  void TearDown() override {
    for (auto& [name, upstream] : fakes) upstream->says({});
    drain();
  }
  void upstreams(const std::vector<std::string>& ips) { set_upstreams(config, ips); }
  static void set_upstreams(plugins::ForwardConfig& of, const std::vector<std::string>& ips) {
    of.upstreams.clear();
    for (const auto& ip : ips) of.upstreams.push_back({runtime::SocketAddress::from_ip(ip, 53).value()});
  }
  std::shared_ptr<FakeExchanger> fake(const std::string& name) {
    auto& found = fakes[name];
    if (!found) found = std::make_shared<FakeExchanger>(clock);
    return found;
  }
  FakeExchanger& at(int upstream) { return *fake("10.0.0." + std::to_string(upstream)); }
  FakeExchanger& check(int upstream) { return *fake("check 10.0.0." + std::to_string(upstream)); }
  void refuse(int upstream) {
    at(upstream).fails(ExchangeError::Kind::refused, "refused by " + std::to_string(upstream));
  }

  void build() {
    shared = plugins::make_forward_shared(config, health);
    std::vector<std::unique_ptr<pipeline::Plugin>> built;
    built.push_back(plugins::make_forward(config, shared, transports, clock, random, registry, 0));
    for (const auto& other : more) {
      built.push_back(plugins::make_forward(other, plugins::make_forward_shared(other, health), transports,
                                            clock, random, registry, 0));
    }
    chain = pipeline::Chain::build(std::move(built));
  }

  AskingPtr start(Message packet, pipeline::Transport transport = pipeline::Transport::udp) {
    if (!chain) build();
    auto asking = std::make_shared<Asking>();
    asking->packet = std::move(packet);
    asking->request.query = dns::parse_query(asking->packet).value();
    asking->request.transport = transport;
    asking->request.received = clock.now();
    const auto step = chain->handle(asking->request, asking->reply);
    if (step.verdict == pipeline::Verdict::wait) {
      runtime::start(finish(chain, asking, step.at));
      settle();
    } else {
      asking->done = true;
    }
    return asking;
  }
  AskingPtr start(std::string_view name = "www.example.org.",
                  pipeline::Transport transport = pipeline::Transport::udp) {
    return start(make_query(name_of(name)), transport);
  }
  /// Asks and lets time pass until the reply is there, 20 s at most.
  AskingPtr complete(AskingPtr asking) {
    const auto give_up = clock.now() + 20s;
    while (!asking->done && clock.next_due() && *clock.next_due() <= give_up) {
      advance(*clock.next_due() - clock.now());
    }
    EXPECT_TRUE(asking->done);
    return asking;
  }
  AskingPtr ask_and_wait(std::string_view name = "www.example.org.",
                         pipeline::Transport transport = pipeline::Transport::udp) {
    return complete(start(name, transport));
  }
  /// Lets the checks of these upstreams fail until they are down.
  void bring_down(const std::vector<std::size_t>& indexes) {
    if (!chain) build();
    for (const std::size_t index : indexes) {
      fake("check " + config.upstreams[index].address.ip_text())
          ->fails(ExchangeError::Kind::refused, "refused");
      shared->health[index]->report_failure({ExchangeError::Kind::refused, "refused"});
    }
    advance(config.health_check.interval * config.max_fails);
    for (const std::size_t index : indexes) ASSERT_TRUE(shared->health[index]->down());
    sequence.clear();
  }
  bool exposes(std::string_view line) const { return registry.expose().find(line) != std::string::npos; }

 private:
  struct Recorder final : upstream::Exchanger {
    Recorder(ForwardFixture& owner, std::string ip) : fixture(owner), name(std::move(ip)) {}
    runtime::Task<ExchangeResult> exchange(const upstream::Question& question, upstream::Protocol protocol,
                                           runtime::TimePoint deadline) override {
      fixture.sequence.push_back(name);
      return fixture.fake(name)->exchange(question, protocol, deadline);
    }
    ForwardFixture& fixture;
    std::string name;
  };
  static runtime::Task<void> finish(std::shared_ptr<const pipeline::Chain> through, AskingPtr asking,
                                    std::size_t at) {
    co_await through->resolve(asking->request, asking->reply, at);
    asking->done = true;
  }
};

}  // namespace nld::testing
