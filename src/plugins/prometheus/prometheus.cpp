// From a finished reply to a sample.
#include "plugins/prometheus/prometheus.hpp"

namespace nld::plugins {

QuerySample sample_of(const pipeline::Request& request, const pipeline::Reply& reply,
                      const pipeline::Outcome& outcome) noexcept {
  return {.transport = request.transport,
          .family = address_family(request.client),
          .type = request.query.type,
          .dnssec_ok = request.query.dnssec_ok(),
          .request_size = request.query.packet.size(),
          .response_size = outcome.size,
          .rcode = outcome.rcode,
          .plugin = reply.plugin,
          .duration = outcome.duration};
}

void PrometheusPlugin::observe(const pipeline::Request& request, const pipeline::Reply& reply,
                               const pipeline::Outcome& outcome) {
  metrics_.note(sample_of(request, reply, outcome));
}

}  // namespace nld::plugins
