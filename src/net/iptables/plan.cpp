// From what a table holds to what it should hold, with the fewest changes, in one restore input.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include "net/iptables/builtin_chain.hpp"
#include "net/iptables/iptables.hpp"
#include "net/iptables/rule_spec.hpp"

namespace nld::net {
namespace {

using Names = std::set<std::string, std::less<>>;

/// The chains that are ours in `table`, whether or not they exist.
Names own_names(const RuleSet& set, std::string_view table) {
  Names names{std::string(kChainName)};
  for (const OwnChain& chain : set.chains) {
    if (chain.table == table) names.insert(chain.name);
  }
  return names;
}

std::vector<std::string> normal_forms(const std::vector<std::string>& specs) {
  std::vector<std::string> forms;
  forms.reserve(specs.size());
  for (const std::string& spec : specs) forms.push_back(normal_form(spec));
  return forms;
}

/// What is wrong with a chain of ours; nothing when it is as wanted.
std::optional<Fault> compare(const OwnChain& wanted, const SavedTable& saved) {
  const auto present = saved.chains.find(wanted.name);
  if (present == saved.chains.end()) return Fault::missing;
  auto want = normal_forms(wanted.rules);
  auto have = normal_forms(present->second);
  if (want == have) return std::nullopt;
  std::ranges::sort(want);
  std::ranges::sort(have);
  if (want == have) return Fault::out_of_order;
  if (std::ranges::includes(want, have)) return Fault::missing;
  const bool strange = std::ranges::any_of(
      have, [&](const std::string& form) { return !std::ranges::binary_search(want, form); });
  if (strange) return Fault::altered;
  return std::ranges::includes(have, want) ? Fault::duplicated : Fault::altered;
}

class Planner {
 public:
  Planner(std::string_view table, const SavedTable& saved) : table_(table), saved_(saved) {}

  /// In restore input, declaring a chain empties that one chain even with --noflush.
  void declare(const OwnChain& chain) {
    const auto fault = compare(chain, saved_);
    if (!fault) return;
    lines_ += fmt::format(":{} - [0:0]\n", chain.name);
    for (const std::string& rule : chain.rules) bodies_ += fmt::format("-A {} {}\n", chain.name, rule);
    report(*fault, chain.name);
  }

  /// `owner` says of a rule that is not wanted whether it is ours, and so goes.
  template <typename Owner>
  void mend(const std::string& chain, const std::vector<std::string>& wanted, const Owner& owner) {
    static const std::vector<std::string> kNone;
    const auto present = saved_.chains.find(chain);
    for (const ChainEdit& edit :
         edit_chain(wanted, present == saved_.chains.end() ? kNone : present->second, owner)) {
      if (edit.remove) {
        edits_ += fmt::format("-D {} {}\n", chain, edit.spec);
      } else {
        edits_ += fmt::format("-I {} {} {}\n", chain, edit.position, edit.spec);
        plan_.inserted.push_back({.table = std::string(table_), .chain = chain, .spec = edit.spec});
      }
      if (edit.fault) report(*edit.fault, fmt::format("{}: {}", chain, edit.spec));
    }
  }

  void drop(const std::string& chain) {
    if (!saved_.chains.contains(chain)) return;
    drops_ += fmt::format("-F {0}\n-X {0}\n", chain);
    report(Fault::stale, chain);
  }

  [[nodiscard]] RepairPlan finish() && {
    // Chains before their rules, for they may jump to one another; chains go when nothing jumps to them.
    if (!repairs_.empty()) {
      plan_.input = fmt::format("*{}\n{}{}{}{}COMMIT\n", table_, lines_, bodies_, edits_, drops_);
    }
    plan_.repairs = std::move(repairs_);
    return std::move(plan_);
  }
  void expect(const std::string& target) {
    const bool known = saved_.chains.contains(target) || std::ranges::count(plan_.absent, target) > 0;
    if (target.starts_with(kKubeProxyPrefix) && !known) plan_.absent.push_back(target);
  }

 private:
  static constexpr std::string_view kKubeProxyPrefix = "KUBE-";

  void report(Fault fault, std::string_view what) {
    repairs_.push_back(
        {.kind = Repair::Kind::iptables, .fault = fault, .what = fmt::format("{} {}", table_, what)});
  }

  std::string_view table_;
  const SavedTable& saved_;
  std::string lines_;
  std::string bodies_;
  std::string edits_;
  std::string drops_;
  std::vector<Repair> repairs_;
  RepairPlan plan_;
};

/// Specs of `set` for one chain, in order.
std::vector<std::string> rules_of(const RuleSet& set, std::string_view table, std::string_view chain) {
  std::vector<std::string> specs;
  for (const BuiltinRule& rule : set.rules) {
    if (rule.table == table && rule.chain == chain) specs.push_back(rule.spec);
  }
  return specs;
}

/// Looks for the name first: kube-proxy's rules are tens of thousands, and words cost allocations.
bool jumps_into(const Names& chains, const std::string& spec) {
  const bool named =
      std::ranges::any_of(chains, [&](const std::string& name) { return spec.contains(name); });
  return named && chains.contains(jump_target(spec));
}

/// Chains that are not ours and hold rules of ours, or may.
Names other_chains(const RuleSet& wanted, std::string_view table, const SavedTable& saved, const Names& own) {
  Names names;
  for (const auto& name : saved.chains | std::views::keys) names.insert(name);
  for (const BuiltinRule& rule : wanted.rules) {
    if (rule.table == table) names.insert(rule.chain);
  }
  std::erase_if(names, [&](const std::string& name) { return own.contains(name); });
  return names;
}

}  // namespace

RepairPlan plan_repair(const RuleSet& wanted, std::string_view table, const SavedTable& saved,
                       const RuleSet& former) {
  Names own = own_names(wanted, table);
  own.merge(own_names(former, table));
  Planner planner(table, saved);
  Names declared;
  for (const OwnChain& chain : wanted.chains) {
    if (chain.table != table) continue;
    planner.declare(chain);
    declared.insert(chain.name);
    for (const std::string& rule : chain.rules) planner.expect(jump_target(rule));
  }
  for (const std::string& chain : other_chains(wanted, table, saved, own)) {
    const auto specs = rules_of(wanted, table, chain);
    const auto before = normal_forms(rules_of(former, table, chain));
    for (const std::string& spec : specs) planner.expect(jump_target(spec));
    planner.mend(chain, specs, [&](const std::string& spec) {
      return jumps_into(own, spec) || (!before.empty() && std::ranges::count(before, normal_form(spec)) > 0);
    });
  }
  for (const std::string& name : own) {
    if (!declared.contains(name)) planner.drop(name);
  }
  return std::move(planner).finish();
}

RepairPlan plan_removal(const RuleSet& known, std::string_view table, const SavedTable& saved) {
  return plan_repair({}, table, saved, known);
}

}  // namespace nld::net
