// Finding the policy, and what it does.
#include "plugins/acl/acl.hpp"

#include <algorithm>
#include <optional>

namespace nld::plugins {
namespace {

using Action = AclPolicy::Action;
using pipeline::Verdict;

/// The longest zone of the rule that holds the name.
std::optional<std::size_t> zone_of(const AclRule& rule, dns::NameView name) noexcept {
  std::optional<std::size_t> found;
  for (std::size_t at = 0; at < rule.zones.size(); ++at) {
    if (!dns::is_at_or_below(name, rule.zones[at].wire())) continue;
    if (!found || rule.zones[at].size() > rule.zones[*found].size()) found = at;
  }
  return found;
}

const AclPolicy* policy_for(const AclRule& rule, dns::RRType type, const AddressNumber& client) noexcept {
  for (const AclPolicy& policy : rule.policies) {
    if (!policy.types.empty() && !std::ranges::binary_search(policy.types, type)) continue;
    if (policy.sources.holds(client)) return &policy;
  }
  return nullptr;
}

}  // namespace

AclPlugin::AclPlugin(std::shared_ptr<const std::vector<AclRule>> rules, const Services& services,
                     const Site& site)
    : rules_(std::move(rules)),
      allowed_(services.metrics.counter(
          {"coredns_acl_allowed_requests_total", "Counter of DNS requests being allowed."},
          {{"server", site.server}, {"view", ""}}, services.worker)) {
  for (const AclRule& rule : *rules_) {
    std::vector<ZoneCounters>& of_rule = counters_.emplace_back();
    for (const dns::Name& zone : rule.zones) {
      const metrics::Labels labels{{"server", site.server}, {"view", ""}, {"zone", zone.to_text()}};
      const auto counter = [&](std::string_view metric, std::string_view help) {
        return &services.metrics.counter({metric, help}, labels, services.worker);
      };
      of_rule.push_back(
          {.blocked = counter("coredns_acl_blocked_requests_total", "Counter of DNS requests being blocked."),
           .filtered =
               counter("coredns_acl_filtered_requests_total", "Counter of DNS requests being filtered."),
           .dropped =
               counter("coredns_acl_dropped_requests_total", "Counter of DNS requests being dropped.")});
    }
  }
}

Verdict AclPlugin::handle(pipeline::Request& request, pipeline::Reply& reply) {
  const AddressNumber client = AddressNumber::of(request.client);
  for (std::size_t at = 0; at < rules_->size(); ++at) {
    const AclRule& rule = (*rules_)[at];
    const auto zone = zone_of(rule, request.query.name);
    if (!zone) continue;
    const AclPolicy* policy = policy_for(rule, request.query.type, client);
    if (policy == nullptr) continue;
    if (policy->action == Action::allow) break;
    const ZoneCounters& counters = counters_[at][*zone];
    reply.plugin = name();
    reply.ours = true;
    switch (policy->action) {
      case Action::block:
        counters.blocked->add();
        reply.rcode = dns::Rcode::REFUSED;
        reply.extended_error = dns::ExtendedError::blocked;
        break;
      case Action::filter:
        counters.filtered->add();
        reply.rcode = dns::Rcode::NOERROR;
        reply.extended_error = dns::ExtendedError::filtered;
        break;
      default:
        counters.dropped->add();
        reply.rcode = dns::Rcode::NOERROR;
        reply.silent = true;
        break;
    }
    return Verdict::answered;
  }
  allowed_.add();
  return Verdict::pass;
}

}  // namespace nld::plugins
