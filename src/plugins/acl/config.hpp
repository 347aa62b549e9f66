// The `acl` directive as data.
#pragma once

#include <cstdint>
#include <vector>

#include "dns/name.hpp"
#include "dns/types.hpp"
#include "plugins/networks.hpp"

namespace nld::plugins {

struct AclPolicy {
  enum class Action : std::uint8_t { allow, block, filter, drop };
  Action action = Action::allow;
  std::vector<dns::RRType> types;  ///< sorted; empty: all
  NetworkSet sources;
};

/// One `acl` line; the first rule with a policy that fits decides.
struct AclRule {
  std::vector<dns::Name> zones;  ///< lower-case, at least one
  std::vector<AclPolicy> policies;
};

}  // namespace nld::plugins
