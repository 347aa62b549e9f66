// Answers that plugins build themselves, as the rest of the program wants them.
#pragma once

#include "cache/answer.hpp"
#include "dns/message.hpp"

namespace nld::plugins {

/// A message built for `query`, with no OPT in it: what the cache wants to know of it is read from it.
/// `rcode`: the message's own has four bits only. Null: the message is no answer to that query.
cache::AnswerPtr built_answer(dns::Bytes message, const dns::Query& query, dns::Rcode rcode,
                              runtime::TimePoint now);

/// The part of the cache that holds responses of that kind.
cache::Part part_of(dns::ResponseKind kind) noexcept;

}  // namespace nld::plugins
