// Response to answer, failure to reply.
#include "plugins/forward/answer.hpp"

#include <utility>

#include "plugins/built_answer.hpp"

namespace nld::plugins {
void answer_with_response(pipeline::Reply& reply, const dns::Query& query, const upstream::Response& response,
                          runtime::TimePoint now, dns::StorableResponse& scratch) {
  const auto storable = dns::make_storable(response.message, query.name, query.type, query.cls, scratch);
  if (!storable) {
    fail(reply, dns::Rcode::SERVFAIL, "dns: bad message: " + std::string(dns::describe(storable.error())));
    reply.extended_error = dns::ExtendedError::invalid_data;
    return;
  }
  cache::Answer::Facts facts;
  facts.part = part_of(response.info.kind);
  facts.kind = response.info.kind;
  facts.rcode = response.info.rcode;
  facts.ttl = response.info.ttl.value_or(0);
  facts.stored_at = now;
  facts.extended_error = response.info.extended_error;
  reply.answer_with(cache::Answer::make(facts, scratch.wire, scratch.ttl_offsets), "forward");
  reply.extended_error = response.info.extended_error;
}

void fail(pipeline::Reply& reply, dns::Rcode rcode, std::string text) {
  reply.answer.reset();
  reply.plugin = {};
  reply.rcode = rcode;
  reply.error = std::move(text);
  reply.cacheable = true;
}

}  // namespace nld::plugins
