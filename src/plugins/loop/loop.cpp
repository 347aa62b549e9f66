// Counting the probe's returns.
#include "plugins/loop/loop.hpp"

namespace nld::plugins {

dns::Name LoopState::new_probe(runtime::Random& random) {
  const std::string zone = zone_.is_root() ? "" : zone_.to_text();
  const std::string text =
      std::to_string(random.next() >> 1U) + "." + std::to_string(random.next() >> 1U) + "." + zone;
  // Two labels of digits before a zone of over 210 octets do not fit: ask for the zone itself then.
  const dns::Name probe = dns::Name::from_text(text).value_or(zone_);
  const std::scoped_lock lock(mutex_);
  probe_ = probe;
  seen_ = 0;
  armed_.store(true, std::memory_order_relaxed);
  return probe;
}

void LoopState::disarm() {
  armed_.store(false, std::memory_order_relaxed);
}

void LoopState::sighted(const dns::Query& query) {
  const std::scoped_lock lock(mutex_);
  if (!dns::equal_ignoring_case(query.name, probe_.wire())) return;
  if (++seen_ > kSightings) looping_.store(true, std::memory_order_relaxed);
}

pipeline::Verdict LoopPlugin::handle(pipeline::Request& request, pipeline::Reply& reply) {
  if (request.query.type == dns::RRType::HINFO && state_->armed()) state_->sighted(request.query);
  if (!state_->looping()) return pipeline::Verdict::pass;
  reply.rcode = dns::Rcode::SERVFAIL;
  reply.plugin = name();
  reply.extended_error = dns::ExtendedError::other;
  return pipeline::Verdict::answered;
}

}  // namespace nld::plugins
