// Marking queries, and the values of labels.
#include "plugins/metadata/metadata.hpp"

#include "plugins/metadata/data.hpp"
#include "plugins/zone_list.hpp"

namespace nld::plugins {

using pipeline::Verdict;

Verdict MetadataPlugin::handle(pipeline::Request& request, pipeline::Reply& reply) {
  if (longest_zone(config_.zones, request.query.name) == nullptr) return Verdict::pass;
  request.metadata = &nothing_;
  if (!config_.map) return Verdict::pass;
  const MetadataMap& map = *config_.map;
  const auto input = map.text.evaluate(RequestData(request));
  if (!input) {
    reply.rcode = map.refusal.value_or(dns::Rcode::SERVFAIL);
    reply.error = "metadata: unable to resolve " + map.source + ": " + input.error();
    return Verdict::answered;
  }
  if (const auto row = map.rows.find(*input); row != map.rows.end()) {
    request.metadata = &row->second;
  } else if (map.otherwise) {
    request.metadata = &*map.otherwise;
  } else if (map.refusal) {
    reply.rcode = *map.refusal;
    reply.error = "metadata: no values found for " + map.source + " '" + *input + "'";
    return Verdict::answered;
  }
  return Verdict::pass;
}

const std::string* published(std::string_view label, const pipeline::Request& request) noexcept {
  if (request.metadata == nullptr) return nullptr;
  const auto found = request.metadata->find(label);
  return found == request.metadata->end() ? nullptr : &found->second;
}

std::optional<std::string> published(std::string_view label, const pipeline::Request& request,
                                     const pipeline::Reply& reply) {
  if (const std::string* early = published(label, request)) return *early;
  if (request.metadata == nullptr || label != "forward/upstream" || !reply.provenance) return std::nullopt;
  return reply.provenance->upstream.to_string();
}

}  // namespace nld::plugins
