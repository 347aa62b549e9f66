// Tables in every kind of disorder, and what should be in them: for properties, on the model and on the
// kernel.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "net/iptables/iptables.hpp"
#include "net/iptables/rule_spec.hpp"

namespace nld::net {

/// All of it in nat, IPv4, with rules that are valid in every chain, spelt as iptables-save spells them.
struct RandomTable {
  RuleSet wanted;
  SavedTable saved;
};

class TableMaker {
 public:
  explicit TableMaker(std::uint32_t seed) : random_(seed) {}

  RandomTable make() {
    RandomTable made;
    made.wanted.chains.push_back({.table = "nat", .name = "NODE-LOCAL-DNS", .rules = own_rules()});
    for (const char* chain : {"PREROUTING", "OUTPUT"}) {
      std::vector<std::string> wanted = some_of(ours());
      for (const std::string& spec : wanted) {
        made.wanted.rules.push_back({.table = "nat", .chain = chain, .spec = spec});
      }
      made.saved.chains[chain] = disordered(wanted);
    }
    made.saved.chains["INPUT"];
    made.saved.chains["THIRD-CHAIN"];
    made.saved.chains["POSTROUTING"] = some_of(foreign());
    made.saved.chains["OTHER-CHAIN"] = disordered({});
    made.saved.chains["NODE-LOCAL-DNS"] = made.wanted.chains.front().rules;
    auto& own = made.saved.chains["NODE-LOCAL-DNS"];
    if (chance(3)) own = some_of(own);
    if (chance(3)) std::ranges::shuffle(own, random_);
    if (chance(3)) own.push_back(foreign().front());
    return made;
  }

  static std::vector<std::string> ours() {
    std::vector<std::string> rules;
    for (const char* address : {"169.254.20.10", "169.254.20.11", "10.96.0.10"}) {
      for (const char* protocol : {"tcp", "udp"}) {
        rules.push_back(std::string("-d ") + address + "/32 -p " + protocol + " -m " + protocol +
                        " --dport 53 -j NODE-LOCAL-DNS");
      }
    }
    rules.emplace_back("-d 10.96.0.10/32 -m comment --comment \"NodeLocal DNS Cache: allow\" -j ACCEPT");
    rules.emplace_back("-s 10.96.0.10/32 -m comment --comment one -j ACCEPT");
    return rules;
  }
  /// Some look like ours.
  static std::vector<std::string> foreign() {
    return {"-d 169.254.20.10/32 -j RETURN",
            "-d 169.254.20.10/32 -p tcp -m tcp --dport 53 -j ACCEPT",
            "-d 169.254.20.10/32 -p tcp -m tcp --dport 53 -j THIRD-CHAIN",
            "-m comment --comment \"not -j NODE-LOCAL-DNS\" -j RETURN",
            "-m comment --comment NODE-LOCAL-DNS -j THIRD-CHAIN",
            "-d 10.96.0.10/32 -m comment --comment \"NodeLocal DNS cache: allow\" -j ACCEPT",
            "",
            "-s 10.0.0.0/8 -j RETURN"};
  }
  /// Jumps that nobody wants any more.
  static std::vector<std::string> stale() {
    return {"-d 169.254.20.99/32 -p udp -m udp --dport 53 -j NODE-LOCAL-DNS", "-j NODE-LOCAL-DNS",
            "-d 169.254.20.98/32 -g NODE-LOCAL-DNS"};
  }

 private:
  bool chance(int one_in) { return std::uniform_int_distribution(1, one_in)(random_) == 1; }

  std::vector<std::string> some_of(std::vector<std::string> rules) {
    std::erase_if(rules, [&](const std::string&) { return chance(2); });
    std::ranges::shuffle(rules, random_);
    return rules;
  }
  std::vector<std::string> own_rules() {
    return some_of({"-m comment --comment first -j RETURN", "-d 169.254.20.10/32 -p udp -j RETURN",
                    "-d 169.254.20.10/32 -p tcp -m tcp --dport 53 -j ACCEPT", "-j ACCEPT"});
  }
  std::vector<std::string> disordered(const std::vector<std::string>& wanted) {
    std::vector<std::string> rules = wanted;
    if (chance(2)) rules = some_of(rules);
    if (chance(3)) rules.insert(rules.end(), wanted.begin(), wanted.end());
    if (chance(3)) std::ranges::copy(some_of(stale()), std::back_inserter(rules));
    // Foreign ones go anywhere between, so that ours may stay in order.
    for (const std::string& rule : some_of(foreign())) {
      const std::size_t at = std::uniform_int_distribution<std::size_t>(0, rules.size())(random_);
      rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(at), chance(4) ? 2 : 1, rule);
    }
    if (chance(3)) std::ranges::shuffle(rules, random_);
    return rules;
  }

  std::mt19937 random_;
};

/// What a table should be after a repair: in each chain the rules of others as they were, ours as wanted.
inline std::vector<std::string> wanted_in(const RuleSet& wanted, const std::string& chain) {
  std::vector<std::string> specs;
  for (const BuiltinRule& rule : wanted.rules) {
    if (rule.chain == chain) specs.push_back(rule.spec);
  }
  return specs;
}
inline bool is_of_ours(const std::vector<std::string>& wanted, const std::string& spec) {
  return jump_target(spec) == kChainName || std::ranges::count(wanted, spec) > 0;
}
inline std::vector<std::string> kept(const std::vector<std::string>& rules,
                                     const std::vector<std::string>& wanted, bool of_ours) {
  std::vector<std::string> some;
  for (const std::string& rule : rules) {
    if (is_of_ours(wanted, rule) == of_ours) some.push_back(rule);
  }
  return some;
}

}  // namespace nld::net
