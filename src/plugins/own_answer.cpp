// From the built message to a reply.
#include "plugins/own_answer.hpp"

namespace nld::plugins {

void OwnAnswer::give(dns::Rcode rcode, const pipeline::Request& request, pipeline::Reply& reply,
                     std::string_view by) {
  const dns::Header header = dns::read_header(builder_.message());
  auto kind = dns::ResponseKind::success;
  if (rcode == dns::Rcode::NXDOMAIN) {
    kind = dns::ResponseKind::nxdomain;
  } else if (header.ancount == 0) {
    kind = dns::ResponseKind::nodata;
  }
  const cache::Answer::Facts facts{
      .part = kind == dns::ResponseKind::success ? cache::Part::success : cache::Part::denial,
      .kind = kind,
      .rcode = rcode,
      .stored_at = request.received};
  reply.answer_with(cache::Answer::make(facts, builder_.message(), {}), by);
  reply.ours = true;
}

}  // namespace nld::plugins
