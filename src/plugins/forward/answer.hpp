// Turns what an upstream said into the pipeline's reply.
#pragma once

#include <string>

#include "pipeline/request.hpp"
#include "runtime/clock.hpp"
#include "upstream/exchange.hpp"

namespace nld::plugins {

/// The reply holds the response in its form for storing, fresh for as long as the response itself says.
/// `scratch`: memory to use again and again.
void answer_with_response(pipeline::Reply& reply, const dns::Query& query, const upstream::Response& response,
                          runtime::TimePoint now, dns::StorableResponse& scratch);

/// No answer: the server writes one with `rcode` alone, `errors` gets `text`.
void fail(pipeline::Reply& reply, dns::Rcode rcode, std::string text);

}  // namespace nld::plugins
