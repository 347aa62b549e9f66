// The tries of one exchange: as it should be, then without EDNS, then over TCP.
#include "plugins/forward/upstream_link.hpp"

#include <algorithm>

namespace nld::plugins {

using upstream::ExchangeResult;
using upstream::Protocol;
using Form = OutgoingQuery::Form;

namespace {

// A server from before EDNS answers FORMERR or NOTIMP and knows no OPT to put into the answer.
bool rejects_edns(const dns::ResponseInfo& info) noexcept {
  return !info.has_opt && (info.rcode == dns::Rcode::FORMERR || info.rcode == dns::Rcode::NOTIMP);
}

}  // namespace

runtime::Task<UpstreamLink::Result> UpstreamLink::ask(const dns::Query& query, Protocol protocol,
                                                      Limits limits) {
  const bool plainly = plain_until_ != runtime::TimePoint::min() && clock_->now() < plain_until_;
  Form form = plainly ? Form::plain : form_;
  ExchangeResult result = co_await exchange(query, form, protocol, limits);
  if (result && form != Form::plain && rejects_edns(result->info) && clock_->now() < limits.total) {
    ExchangeResult plain = co_await exchange(query, Form::plain, protocol, limits);
    // Only an upstream that then answers has shown that EDNS was to blame.
    if (plain && !rejects_edns(plain->info)) {
      plain_until_ = clock_->now() + kPlainFor;
      form = Form::plain;
      result = std::move(plain);
    }
  }
  if (!result) co_return std::unexpected(std::move(result.error()));

  if (result->info.truncated && result->protocol == Protocol::udp && clock_->now() < limits.total) {
    ExchangeResult whole = co_await exchange(query, form, Protocol::tcp, limits);
    if (whole) result = std::move(whole);
  }
  const bool complete = !result->info.truncated;
  co_return Answer{std::move(*result), complete};
}

runtime::Task<ExchangeResult> UpstreamLink::exchange(const dns::Query& query, Form form, Protocol protocol,
                                                     Limits limits) {
  const OutgoingQuery outgoing(query, form, limits.udp_size, limits.own_options);
  const upstream::Question question = outgoing.question();
  const runtime::TimePoint start = clock_->now();
  const runtime::TimePoint deadline = std::min(limits.total, start + limits.each);
  metrics_.asked();
  ExchangeResult result = co_await exchanger_->exchange(question, protocol, deadline);
  if (result) metrics_.answered(result->info.rcode, clock_->now() - start);
  co_return result;
}

}  // namespace nld::plugins
