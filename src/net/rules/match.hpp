// What packets an iptables rule is about, in the words and the order of iptables-save.
#pragma once

#include <string>
#include <string_view>

#include "net/rules/rule_set.hpp"

namespace nld::net {

/// "169.254.20.10/32", "fd00::10/128".
std::string host_prefix(Family family, std::string_view address);
/// "-d 169.254.20.10/32 -p udp -m udp --dport 53", the request's port.
std::string match_to(const RuleRequest& request, std::string_view address, std::string_view protocol);
/// "-s 169.254.20.10/32 -p udp -m udp --sport 53".
std::string match_from(const RuleRequest& request, std::string_view address, std::string_view protocol);

}  // namespace nld::net
