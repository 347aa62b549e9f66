// Mode::transparent and Mode::notrack: the local server's packets pass by conntrack and kube-proxy's NAT.
#pragma once

#include "net/rules/rule_set.hpp"

namespace nld::net {

std::expected<RuleSet, std::string> transparent_rules(const RuleRequest& request);

/// Those of node-cache (kubernetes/dns, cmd/node-cache/app/cache_app.go, initIptables), comments included.
RuleSet notrack_rules(const RuleRequest& request);

}  // namespace nld::net
