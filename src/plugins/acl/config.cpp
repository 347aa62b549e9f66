// acl [ZONES...] { ACTION [type QTYPE...] [net SOURCE...] }: reading it.
#include <algorithm>

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

bool is_section(std::string_view word) {
  return word == "type" || word == "net";
}

/// The types after `type`; "*" stands for all of them, whatever else is named.
void read_types(Arguments& arguments, AclPolicy& policy, bool& all) {
  do {
    const std::string_view word = arguments.word("QTYPE");
    if (arguments.failed()) return;
    if (word == "*") {
      all = true;
    } else if (const auto type = dns::parse_rrtype(word)) {
      policy.types.push_back(*type);
    } else {
      arguments.fail_value("QTYPE", word, "a record type such as A, or *");
    }
  } while (arguments.more() && !is_section(arguments.peek()));
}

void read_sources(Arguments& arguments, std::vector<Network>& sources, bool& all) {
  do {
    const std::string_view word = arguments.word("SOURCE");
    if (arguments.failed()) return;
    if (word == "*") {
      all = true;
    } else if (const auto network = parse_network(word)) {
      sources.push_back(*network);
    } else {
      arguments.fail_value("SOURCE", word, "an address, a network such as 10.0.0.0/8, or *");
    }
  } while (arguments.more() && !is_section(arguments.peek()));
}

void read_policy(Arguments& arguments, AclPolicy::Action action, AclRule& rule) {
  AclPolicy policy{.action = action, .types = {}, .sources = {}};
  std::vector<Network> sources;
  bool all_types = false;
  bool all_sources = false;
  while (arguments.more()) {
    const std::string_view section = arguments.word("type or net");
    if (section == "type") {
      read_types(arguments, policy, all_types);
    } else if (section == "net") {
      read_sources(arguments, sources, all_sources);
    } else {
      arguments.fail("unexpected '" + std::string(section) +
                     "', expected 'type QTYPE...' or 'net SOURCE...'");
    }
  }
  if (all_types) policy.types.clear();
  std::ranges::sort(policy.types);
  const bool anywhere = all_sources || sources.empty();
  policy.sources = anywhere ? NetworkSet::everything() : NetworkSet(sources);
  rule.policies.push_back(std::move(policy));
}

constexpr Option<AclRule> kAclOptions[] = {
    {"allow",
     [](Arguments& arguments, AclRule& rule) { read_policy(arguments, AclPolicy::Action::allow, rule); }},
    {"block",
     [](Arguments& arguments, AclRule& rule) { read_policy(arguments, AclPolicy::Action::block, rule); }},
    {"filter",
     [](Arguments& arguments, AclRule& rule) { read_policy(arguments, AclPolicy::Action::filter, rule); }},
    {"drop",
     [](Arguments& arguments, AclRule& rule) { read_policy(arguments, AclPolicy::Action::drop, rule); }},
};

}  // namespace

Result setup_acl(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "acl", context);
  AclRule rule{.zones = arguments.zones("ZONES"), .policies = {}};
  if (Result done = arguments.finish(); !done) return done;
  if (rule.zones.empty()) {
    for (const ZoneKey& zone : block.zones) rule.zones.push_back(zone.zone);
  }
  if (Result done = read_options(line, kAclOptions, rule, context); !done) return done;
  block.acl.push_back(std::move(rule));
  return {};
}

}  // namespace nld::plugins
