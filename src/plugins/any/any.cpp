// The HINFO record of RFC 8482.
#include "plugins/any/any.hpp"

#include <array>

#include "plugins/own_answer.hpp"

namespace nld::plugins {
namespace {

constexpr std::uint32_t kTtl = 8482;  // CoreDNS's, after the RFC
// CPU and OS as character strings (RFC 1035 §3.3.2); the texts are CoreDNS's.
constexpr std::string_view kHinfo =
    "\x0d"
    "ANY obsoleted"
    "\x0c"
    "See RFC 8482";

}  // namespace

pipeline::Verdict AnyPlugin::handle(pipeline::Request& request, pipeline::Reply& reply) {
  if (request.query.type != dns::RRType::ANY) return pipeline::Verdict::pass;
  OwnAnswer answer(request.query);
  const dns::Bytes rdata(reinterpret_cast<const std::uint8_t*>(kHinfo.data()), kHinfo.size());
  answer.builder().add_record(dns::Section::answer, request.query.name, dns::RRType::HINFO, request.query.cls,
                              kTtl, rdata);
  answer.give(dns::Rcode::NOERROR, request, reply, name());
  return pipeline::Verdict::answered;
}

}  // namespace nld::plugins
