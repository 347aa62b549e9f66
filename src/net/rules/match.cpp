// Matches of iptables as text.
#include "net/rules/match.hpp"

#include <fmt/format.h>

namespace nld::net {

std::string host_prefix(Family family, std::string_view address) {
  return fmt::format("{}/{}", address, family == Family::ipv4 ? 32 : 128);
}

std::string match_to(const RuleRequest& request, std::string_view address, std::string_view protocol) {
  return fmt::format("-d {} -p {} -m {} --dport {}", host_prefix(request.family, address), protocol, protocol,
                     request.port);
}

std::string match_from(const RuleRequest& request, std::string_view address, std::string_view protocol) {
  return fmt::format("-s {} -p {} -m {} --sport {}", host_prefix(request.family, address), protocol, protocol,
                     request.port);
}

}  // namespace nld::net
