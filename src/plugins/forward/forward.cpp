// Which queries are forwarded, and the loop over the upstreams (CoreDNS's, bounded).
#include "plugins/forward/forward.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <variant>

#include "pipeline/server_id.hpp"
#include "plugins/forward/answer.hpp"
#include "plugins/forward/metrics.hpp"
#include "plugins/forward/policy.hpp"
#include "plugins/forward/upstream_link.hpp"
#include "runtime/completion.hpp"

namespace nld::plugins {

using namespace std::chrono_literals;
using upstream::ExchangeError;
using upstream::Protocol;

namespace {

constexpr runtime::Duration kTotalTime = 5s;
// Between rounds over the upstreams: one that refuses at once would be asked thousands of times otherwise.
constexpr runtime::Duration kFirstPause = 25ms;
constexpr runtime::Duration kLongestPause = 400ms;
// When everyone refuses at once (nothing listens, no route, a wrong certificate) a second bridges a restart;
// a client with the usual 5 s of patience must hear of it before it gives up.
constexpr runtime::Duration kRefusalTime = 1s;

dns::ExtendedError extended_error_of(ExchangeError::Kind kind) noexcept {
  switch (kind) {
    case ExchangeError::Kind::timeout:
    case ExchangeError::Kind::refused:
    case ExchangeError::Kind::unreachable:
      return dns::ExtendedError::no_reachable_authority;
    case ExchangeError::Kind::closed:
    case ExchangeError::Kind::handshake:
    case ExchangeError::Kind::local:
    case ExchangeError::Kind::malformed:
      break;
  }
  return dns::ExtendedError::network_error;
}

/// At once, and again when it is asked again soon.
bool refuses(ExchangeError::Kind kind) noexcept {
  return kind == ExchangeError::Kind::refused || kind == ExchangeError::Kind::unreachable ||
         kind == ExchangeError::Kind::handshake;
}

class Forward final : public pipeline::Plugin {
 public:
  Forward(const ForwardConfig& config, std::shared_ptr<ForwardShared> shared,
          upstream::WorkerUpstreams& upstreams, runtime::Clock& clock, runtime::Random& random,
          metrics::Registry& registry, std::size_t worker, bool publishes);

  [[nodiscard]] std::string_view name() const noexcept override { return "forward"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;
  runtime::Task<void> resolve(pipeline::Request& request, pipeline::Reply& reply,
                              pipeline::Next next) override;

 private:
  /// What the upstreams said in the end: an answer, or the last error (none: all were down).
  struct Findings {
    std::optional<UpstreamLink::Answer> answer;
    std::optional<ExchangeError> error;
    std::size_t asked = 0;  ///< the last upstream that was
  };
  runtime::Task<Findings> ask_upstreams(const pipeline::Request& request);
  [[nodiscard]] std::shared_ptr<const cache::Provenance> provenance_of(const pipeline::Request& request,
                                                                       const Findings& found) const;
  runtime::Task<void> wait(runtime::TimePoint until);
  [[nodiscard]] bool is_mine(dns::NameView name) const noexcept;
  [[nodiscard]] Protocol protocol_for(const pipeline::Request& request) const noexcept;
  [[nodiscard]] bool goes_on(const upstream::Response& response) const noexcept;

  ForwardConfig config_;
  std::shared_ptr<ForwardShared> shared_;
  const upstream::WorkerUpstreams* upstreams_;
  runtime::Clock* clock_;
  runtime::Random* random_;
  ForwardMetrics metrics_;
  std::deque<UpstreamLink> links_;
  dns::StorableResponse storable_;  // of the answer that is being stored
  bool publishes_;
};

Forward::Forward(const ForwardConfig& config, std::shared_ptr<ForwardShared> shared,
                 upstream::WorkerUpstreams& upstreams, runtime::Clock& clock, runtime::Random& random,
                 metrics::Registry& registry, std::size_t worker, bool publishes)
    : config_(config),
      shared_(std::move(shared)),
      upstreams_(&upstreams),
      clock_(&clock),
      random_(&random),
      metrics_(registry, worker),
      publishes_(publishes) {
  for (std::size_t index = 0; index < config_.upstreams.size(); ++index) {
    const ForwardTarget& target = config_.upstreams[index];
    const upstream::TransportOptions options{config_.expire, config_.max_idle_connections,
                                             source_for(config_, target.address), target.tls};
    links_.emplace_back(upstreams.get(target.address, options), shared_->health.at(index),
                        UpstreamMetrics(registry, target.address.to_string(), worker), clock,
                        target.tls ? OutgoingQuery::Form::padded : OutgoingQuery::Form::edns);
  }
}

bool Forward::is_mine(dns::NameView name) const noexcept {
  const dns::NameView from = config_.from.wire();
  if (!dns::is_at_or_below(name, from)) return false;
  if (dns::equal_ignoring_case(name, from)) return true;
  return std::ranges::none_of(
      config_.except, [&](const dns::Name& ignored) { return dns::is_at_or_below(name, ignored.wire()); });
}

pipeline::Verdict Forward::handle(pipeline::Request& request, pipeline::Reply& reply) {
  if (request.query.cls != dns::RRClass::IN) {
    // It came this far because a plugin before might have known what to do with it.
    reply.rcode = dns::Rcode::REFUSED;
    return pipeline::Verdict::answered;
  }
  return is_mine(request.query.name) ? pipeline::Verdict::wait : pipeline::Verdict::pass;
}

runtime::Task<void> Forward::resolve(pipeline::Request& request, pipeline::Reply& reply,
                                     pipeline::Next next) {
  const ConcurrencySlot slot(shared_->concurrent, config_.max_concurrent);
  if (!slot.granted()) {
    metrics_.max_concurrent_rejects.add();
    fail(reply, dns::Rcode::REFUSED,
         "concurrent queries exceeded maximum " + std::to_string(config_.max_concurrent));
    co_return;
  }
  Findings found = co_await ask_upstreams(request);
  reply.provenance = provenance_of(request, found);
  if (found.answer) {
    if (goes_on(found.answer->response) && next.name() == name()) {
      co_await next(request, reply);
      co_return;
    }
    answer_with_response(reply, request.query, found.answer->response, clock_->now(), storable_);
    reply.cacheable = found.answer->complete;
    co_return;
  }
  if (found.error) {
    fail(reply, dns::Rcode::SERVFAIL, std::move(found.error->text));
    reply.extended_error = extended_error_of(found.error->kind);
  } else {
    fail(reply, dns::Rcode::SERVFAIL, "no healthy proxies");
    reply.extended_error = dns::ExtendedError::no_reachable_authority;
  }
}

std::shared_ptr<const cache::Provenance> Forward::provenance_of(const pipeline::Request& request,
                                                                const Findings& found) const {
  const bool asks_name = dns::find_option(request.added_options, dns::OptionCode::nsid).has_value();
  if (!publishes_ && !asks_name) return nullptr;
  auto out = std::make_shared<cache::Provenance>();
  out->upstream = config_.upstreams[found.asked].address;
  if (asks_name && found.answer) {
    const auto name = dns::find_option(found.answer->response.info.opt_options, dns::OptionCode::nsid);
    if (name && name->size() <= pipeline::kLongestServerId) out->server_id.assign(name->begin(), name->end());
  }
  return out;
}

runtime::Task<Forward::Findings> Forward::ask_upstreams(const pipeline::Request& request) {
  const runtime::TimePoint begin = clock_->now();
  const UpstreamLink::Limits limits{config_.read_timeout, begin + kTotalTime,
                                    std::min(request.udp_limit, OutgoingQuery::kUdpSize),
                                    request.added_options};
  const Protocol protocol = protocol_for(request);
  const UpstreamOrder order = order_of_upstreams(config_.policy, links_.size(), shared_->turn, *random_);
  Findings found;
  std::size_t at = 0;
  std::size_t down = 0;      // of this round
  std::uint32_t failed = 0;  // attempts in all
  bool all_refused = true;   // of this round
  runtime::Duration pause = kFirstPause;

  while (clock_->now() < limits.total && !upstreams_->closed() &&
         (config_.max_connect_attempts == 0 || failed < config_.max_connect_attempts)) {
    if (at == order.size()) {
      // Everyone was asked: an answer that only called for failover is the best there is.
      if (found.answer) break;
      if (all_refused && clock_->now() - begin >= kRefusalTime) break;
      co_await wait(std::min(limits.total, clock_->now() + pause));
      pause = std::min(2 * pause, kLongestPause);
      at = 0;
      down = 0;
      all_refused = true;
      continue;
    }
    std::size_t chosen = order[at++];
    const bool all_down = links_[chosen].down() && ++down == order.size();
    if (all_down) {
      metrics_.healthcheck_broken.add();
      if (config_.failfast_all_unhealthy) break;
      // The checks themselves may be what is broken: try one all the same.
      chosen = random_->below(order.size());
    } else if (links_[chosen].down()) {
      continue;
    }

    UpstreamLink& link = links_[chosen];
    found.asked = chosen;
    UpstreamLink::Result result = co_await link.ask(request.query, protocol, limits);
    if (!result) {
      // A lack of ours (descriptors, a bound) says nothing about the upstream.
      if (result.error().kind != ExchangeError::Kind::local) link.report_failure(result.error());
      all_refused = all_refused && refuses(result.error().kind);
      found.error = std::move(result.error());
      ++failed;
      if (all_down) break;
      continue;
    }
    const bool fail_over =
        std::ranges::find(config_.failover, result->response.info.rcode) != config_.failover.end();
    found.answer = std::move(*result);
    if (!fail_over) break;
  }
  co_return found;
}

runtime::Task<void> Forward::wait(runtime::TimePoint until) {
  runtime::Completion<std::monostate> never;
  co_await never.wait(*clock_, until);
}

Protocol Forward::protocol_for(const pipeline::Request& request) const noexcept {
  if (config_.force_tcp) return Protocol::tcp;
  if (config_.prefer_udp) return Protocol::udp;
  return request.transport == pipeline::Transport::tcp ? Protocol::tcp : Protocol::udp;
}

bool Forward::goes_on(const upstream::Response& response) const noexcept {
  const dns::Rcode rcode = response.info.rcode;
  if (std::ranges::find(config_.next, rcode) != config_.next.end()) return true;
  return config_.next_on_nodata && rcode == dns::Rcode::NOERROR &&
         dns::read_header(response.message).ancount == 0;
}

}  // namespace

std::unique_ptr<pipeline::Plugin> make_forward(const ForwardConfig& config,
                                               std::shared_ptr<ForwardShared> shared,
                                               upstream::WorkerUpstreams& upstreams, runtime::Clock& clock,
                                               runtime::Random& random, metrics::Registry& registry,
                                               std::size_t worker, bool publishes) {
  return std::make_unique<Forward>(config, std::move(shared), upstreams, clock, random, registry, worker,
                                   publishes);
}

}  // namespace nld::plugins
