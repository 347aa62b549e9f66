// Which tables the legacy backend has in this network namespace.
#pragma once

#include <string>
#include <vector>

#include "net/rules/rule_set.hpp"

namespace nld::net {

/// From /proc/net/ip_tables_names: reading creates no table, while iptables-legacy-save loads the module and
/// registers the table that it is asked for, with a cost for every packet from then on.
std::vector<std::string> legacy_tables(Family family);

}  // namespace nld::net
