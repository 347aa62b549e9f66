// Rule sets as text, for programs and for people.
#include <fmt/format.h>

#include <ranges>
#include <string>
#include <string_view>

#include "net/rules/rule_set.hpp"

namespace nld::net {

std::string canonical_spec(std::string_view saved) {
  constexpr std::string_view kNewName = "-j CT --notrack";
  std::string spec(saved);
  if (spec.ends_with(kNewName)) spec.replace(spec.size() - kNewName.size(), kNewName.size(), "-j NOTRACK");
  return spec;
}

std::string to_iptables_restore(const RuleSet& set) {
  std::string out;
  for (const std::string& table : tables_in_order(set)) {
    out += fmt::format("*{}\n", table);
    for (const OwnChain& chain : set.chains) {
      if (chain.table == table) out += fmt::format(":{} - [0:0]\n", chain.name);
    }
    for (const OwnChain& chain : set.chains) {
      if (chain.table != table) continue;
      for (const std::string& spec : chain.rules) out += fmt::format("-A {} {}\n", chain.name, spec);
    }
    // Each goes to the head of its chain, so the last one first.
    for (const BuiltinRule& rule : set.rules | std::views::reverse) {
      if (rule.table == table) out += fmt::format("-I {} {}\n", rule.chain, rule.spec);
    }
    out += "COMMIT\n";
  }
  return out;
}

std::string to_nft(const RuleSet& set) {
  return set.nft_table;
}

}  // namespace nld::net
