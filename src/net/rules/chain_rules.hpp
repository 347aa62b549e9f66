// Method::chain: the iptables chain NODE-LOCAL-DNS, which hands packets to what serves the cluster DNS.
#pragma once

#include "net/rules/rule_set.hpp"

namespace nld::net {

std::expected<RuleSet, std::string> chain_rules(const RuleRequest& request);

}  // namespace nld::net
