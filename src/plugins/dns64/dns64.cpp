// Asking for what there is, then for A records, and choosing between the two.
#include "plugins/dns64/dns64.hpp"

#include "plugins/dns64/synthesis.hpp"
#include "plugins/lookup.hpp"
#include "plugins/prometheus/query_metrics.hpp"

namespace nld::plugins {
namespace {

/// As address_family counts.
constexpr int kIpv6 = 2;

using pipeline::Reply;
using pipeline::Request;
using pipeline::Step;
using pipeline::Verdict;

}  // namespace

/// One question for AAAA records: the native answer, and the question for A records that follows it.
class Dns64Plugin::Exchange final : public pipeline::Suspended {
 public:
  Exchange(Reply its_native, Step its_step) : native(std::move(its_native)), native_step(its_step) {}

  /// Asks for A records; false: they have to be waited for.
  bool ask(const Request& request, const pipeline::Next& next) {
    lookup.emplace(request, request.query.name, dns::RRType::A);
    lookup_step = next.handle(lookup->request, lookup->reply);
    return lookup_step.verdict != Verdict::wait;
  }

  Reply native;
  Step native_step;
  std::optional<Lookup> lookup;
  Step lookup_step{Verdict::pass, 0};
};

Dns64Plugin::Dns64Plugin(const Dns64Config& config, const Services& services, const Site& site)
    : config_(config),
      translated_(services.metrics.counter(
          {"coredns_dns64_requests_translated_total", "Counter of DNS requests translated by dns64."},
          {{"server", site.server}}, services.worker)) {}

void Dns64Plugin::attach(std::weak_ptr<const pipeline::Chain> /*chain*/, pipeline::Next next) {
  next_ = next;
}

bool Dns64Plugin::concerns(const Request& request) const noexcept {
  const dns::Query& query = request.query;
  if (query.type != dns::RRType::AAAA || query.cls != dns::RRClass::IN) return false;
  // Who validates for himself must see what was signed (RFC 6147 §5.5).
  if (query.dnssec_ok() && query.header.has(dns::flag::CD)) return false;
  return config_.allow_ipv4 || address_family(request.client) == kIpv6;
}

bool Dns64Plugin::wants_synthesis(const Reply& native) const noexcept {
  if (!native.answer || native.rcode == dns::Rcode::NXDOMAIN) return false;
  return config_.translate_all || native.answer->facts().kind != dns::ResponseKind::success;
}

Verdict Dns64Plugin::handle(Request& request, Reply& reply) {
  if (!concerns(request)) return Verdict::pass;
  Reply native;
  const Step step = next_->handle(request, native);
  if (step.verdict != Verdict::wait && !wants_synthesis(native)) {
    reply = std::move(native);
    return Verdict::answered;
  }
  auto exchange = std::make_unique<Exchange>(std::move(native), step);
  if (step.verdict != Verdict::wait && exchange->ask(request, *next_)) {
    finish(request, *exchange, reply);
    return Verdict::answered;
  }
  reply.suspended = std::move(exchange);
  return Verdict::wait;
}

runtime::Task<void> Dns64Plugin::resolve(Request& request, Reply& reply, pipeline::Next next) {
  const std::unique_ptr<pipeline::Suspended> suspended = std::move(reply.suspended);
  auto& exchange = static_cast<Exchange&>(*suspended);
  if (exchange.native_step.verdict == Verdict::wait) {
    co_await next.resume(request, exchange.native, exchange.native_step);
    if (!wants_synthesis(exchange.native)) {
      reply = std::move(exchange.native);
      co_return;
    }
    exchange.ask(request, next);
  }
  if (exchange.lookup_step.verdict == Verdict::wait) {
    co_await next.resume(exchange.lookup->request, exchange.lookup->reply, exchange.lookup_step);
  }
  finish(request, exchange, reply);
}

void Dns64Plugin::finish(const Request& request, Exchange& exchange, Reply& reply) {
  const Reply& v4 = exchange.lookup->reply;
  cache::AnswerPtr made = synthesize(config_, request, exchange.native, v4);
  if (!made) {
    // No A records either: what was said of AAAA, SOA included, is the better negative answer.
    reply = std::move(exchange.native);
    return;
  }
  translated_.add();
  reply.extended_error = v4.extended_error;
  reply.provenance = v4.provenance;
  reply.answer_with(std::move(made), name());
}

}  // namespace nld::plugins
