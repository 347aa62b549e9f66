// One upstream as an instance of `forward` uses it: what it can do, and an exchange with all its second
// tries.
#pragma once

#include <memory>

#include "dns/message.hpp"
#include "plugins/forward/metrics.hpp"
#include "plugins/forward/outgoing_query.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"
#include "upstream/exchange.hpp"
#include "upstream/health.hpp"

namespace nld::plugins {

class UpstreamLink {
 public:
  UpstreamLink(std::shared_ptr<upstream::Exchanger> exchanger,
               std::shared_ptr<upstream::UpstreamHealth> health, UpstreamMetrics metrics,
               runtime::Clock& clock, OutgoingQuery::Form form = OutgoingQuery::Form::edns) noexcept
      : exchanger_(std::move(exchanger)),
        health_(std::move(health)),
        metrics_(std::move(metrics)),
        clock_(&clock),
        form_(form) {}

  /// When an exchange has to end: each by itself after `each`, all of them at `total`.
  struct Limits {
    runtime::Duration each{};
    runtime::TimePoint total;
    std::uint16_t udp_size = OutgoingQuery::kUdpSize;  ///< what we say an upstream may send at most
    dns::Bytes own_options{};                          ///< see OutgoingQuery
  };
  struct Answer {
    upstream::Response response;
    bool complete = true;  ///< false: truncated, and TCP did not bring the rest
  };
  using Result = std::expected<Answer, upstream::ExchangeError>;

  /// Asks; without EDNS when the upstream does not know it (RFC 6891 §6.2.2), over TCP when the answer was
  /// truncated. `query` must live until the end.
  runtime::Task<Result> ask(const dns::Query& query, upstream::Protocol protocol, Limits limits);

  [[nodiscard]] bool down() const noexcept { return health_->down(); }
  void report_failure(const upstream::ExchangeError& error) { health_->report_failure(error); }

  static constexpr std::chrono::minutes kPlainFor{5};

 private:
  runtime::Task<upstream::ExchangeResult> exchange(const dns::Query& query, OutgoingQuery::Form form,
                                                   upstream::Protocol protocol, Limits limits);

  std::shared_ptr<upstream::Exchanger> exchanger_;
  std::shared_ptr<upstream::UpstreamHealth> health_;
  UpstreamMetrics metrics_;
  runtime::Clock* clock_;
  OutgoingQuery::Form form_;  // unless it knows no EDNS
  runtime::TimePoint plain_until_ = runtime::TimePoint::min();
};

}  // namespace nld::plugins
