// From a finished message to an answer.
#include "plugins/built_answer.hpp"

#include <algorithm>
#include <boost/container/small_vector.hpp>

#include "dns/response.hpp"

namespace nld::plugins {

cache::Part part_of(dns::ResponseKind kind) noexcept {
  switch (kind) {
    case dns::ResponseKind::success:
    case dns::ResponseKind::referral:
      return cache::Part::success;
    case dns::ResponseKind::nodata:
    case dns::ResponseKind::nxdomain:
      return cache::Part::denial;
    case dns::ResponseKind::servfail:
    case dns::ResponseKind::other_error:
      break;
  }
  return cache::Part::failure;
}

cache::AnswerPtr built_answer(dns::Bytes message, const dns::Query& query, dns::Rcode rcode,
                              runtime::TimePoint now) {
  const auto info = dns::examine_response(message, query.name, query.type, query.cls);
  if (!info) return nullptr;
  boost::container::small_vector<std::uint16_t, 32> ttl_offsets;
  const dns::Header header = dns::read_header(message);
  // An alias whose target is nobody's here is no denial without an SOA: it is good for its own TTL.
  std::optional<std::uint32_t> smallest;
  dns::RecordCursor cursor(message, header, query.question_end);
  for (auto record = cursor.next(); record && *record; record = cursor.next()) {
    smallest = std::min(smallest.value_or((*record)->ttl), (*record)->ttl);
    ttl_offsets.push_back(static_cast<std::uint16_t>((*record)->ttl_offset));
  }
  const cache::Answer::Facts facts{.part = part_of(info->kind),
                                   .kind = info->kind,
                                   .rcode = rcode,
                                   .ttl = info->ttl.value_or(header.ancount > 0 ? smallest.value_or(0) : 0),
                                   .stored_at = now};
  return cache::Answer::make(facts, message, ttl_offsets);
}

}  // namespace nld::plugins
