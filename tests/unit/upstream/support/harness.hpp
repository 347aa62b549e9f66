// An event loop with everything an exchanger needs; time stands still unless a test moves it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "metrics/registry.hpp"
#include "runtime/manual_clock.hpp"
#include "runtime/system_random.hpp"
#include "runtime/task.hpp"
#include "unit/upstream/support/messages.hpp"
#include "upstream/exchange.hpp"
#include "upstream/transport_metrics.hpp"

namespace nld::testing {

using namespace std::chrono_literals;
using upstream::ExchangeError;
using upstream::ExchangeResult;

/// The result of a spawned exchange, empty while it goes on.
using Pending = std::shared_ptr<std::optional<ExchangeResult>>;

struct Harness {
  boost::asio::io_context loop;
  runtime::ManualClock clock;
  runtime::SeededRandom random{7};
  metrics::Registry registry;

  std::shared_ptr<upstream::TransportMetrics> metrics_for(const runtime::SocketAddress& address) {
    return std::make_shared<upstream::TransportMetrics>(registry, address, 0);
  }

  /// Runs the loop until `done`. The limit is against hanging for ever: what is waited for comes by itself.
  void run_until(const std::function<bool()>& done) {
    loop.restart();
    while (!done()) {
      if (loop.run_one_for(20s) == 0) {
        ADD_FAILURE() << "nothing happens any more";
        return;
      }
    }
  }
  void run_until(const Pending& pending) {
    run_until([&] { return pending->has_value(); });
  }
  void settle() {
    loop.restart();
    loop.poll();
  }
  void advance(runtime::Duration step) {
    settle();
    clock.advance(step, [this] { settle(); });
    settle();
  }

  /// Lets everything that waits come to its end: a coroutine left suspended would be a leak.
  void drain() {
    settle();
    for (int timer = 0; timer < 1000 && clock.next_due(); ++timer) advance(*clock.next_due() - clock.now());
  }

  template <typename Exchanger>
  Pending ask(Exchanger& exchanger, std::string_view name, runtime::Duration within = 2s) {
    auto pending = std::make_shared<std::optional<ExchangeResult>>();
    runtime::start(run(exchanger, OwnedQuestion(name), clock.now() + within, pending));
    return pending;
  }

 private:
  template <typename Exchanger>
  static runtime::Task<void> run(Exchanger& exchanger, OwnedQuestion owned, runtime::TimePoint deadline,
                                 Pending pending) {
    const upstream::Question question = owned.view();
    ExchangeResult result = co_await exchanger.exchange(question, deadline);
    pending->emplace(std::move(result));
  }
};

}  // namespace nld::testing
