// Mode::transparent and Mode::notrack: the local server's packets pass by conntrack and kube-proxy's NAT.
#pragma once

#include <string_view>

#include "net/rules/rule_set.hpp"

namespace nld::net {

std::expected<RuleSet, std::string> transparent_rules(const RuleRequest& request);

/// Those of node-cache (kubernetes/dns, cmd/node-cache/app/cache_app.go, initIptables), comments included.
RuleSet notrack_rules(const RuleRequest& request);
/// Whether a rule bears node-cache's comment; `text` may be any text with the rule in it.
bool is_node_cache_rule(std::string_view text);

}  // namespace nld::net
