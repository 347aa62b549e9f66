// Whatever iptables-save prints, a repair can be read back, mends all at once and leaves others' rules alone.
#include <cstdlib>
#include <iterator>
#include <ranges>

#include "../unit/net/iptables/kernel_model.hpp"

namespace {

using namespace nld::net;

void require(bool condition) {
  if (!condition) std::abort();
}

RuleSet wanted_set() {
  RuleSet set;
  set.chains = {
      {.table = "nat", .name = "NODE-LOCAL-DNS", .rules = {"-m socket -j RETURN", "-d 10.0.0.1/32 -j A"}}};
  set.rules = {{.table = "nat", .chain = "PREROUTING", .spec = "-d 10.0.0.1/32 -p tcp -j NODE-LOCAL-DNS"},
               {.table = "nat", .chain = "PREROUTING", .spec = "-d 10.0.0.1/32 -p udp -j NODE-LOCAL-DNS"},
               {.table = "nat", .chain = "PREROUTING", .spec = "-d 10.0.0.1/32 -j NOTRACK"},
               {.table = "nat", .chain = "OUTPUT", .spec = "-m comment --comment \"a b\" -j ACCEPT"}};
  return set;
}

bool is_ours(const RuleSet& set, const std::string& chain, const std::string& spec) {
  if (jump_target(spec) == kChainName) return true;
  return std::ranges::any_of(set.rules, [&](const BuiltinRule& rule) {
    return rule.chain == chain && normal_form(rule.spec) == normal_form(spec);
  });
}

std::vector<std::string> foreign(const RuleSet& set, const SavedTable& table, const std::string& chain) {
  std::vector<std::string> rules;
  std::ranges::copy_if(table.chains.at(chain), std::back_inserter(rules),
                       [&](const std::string& spec) { return !is_ours(set, chain, spec); });
  return rules;
}

void check_foreign(const RuleSet& set, const SavedTable& before, const SavedTable& after) {
  for (const auto& name : before.chains | std::views::keys) {
    if (name != kChainName) require(foreign(set, before, name) == foreign(set, after, name));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const RuleSet wanted = wanted_set();
  SavedTable saved = parse_saved_table({reinterpret_cast<const char*>(data), size});
  for (const char* builtin : {"PREROUTING", "OUTPUT"}) saved.chains[builtin];

  KernelModel kernel(saved, KernelModel::Jumps::anywhere);
  const RepairPlan plan = plan_repair(wanted, "nat", saved);
  require(plan.input.empty() == plan.repairs.empty());
  if (!plan.input.empty()) require(kernel.restore(plan.input).has_value());
  check_foreign(wanted, saved, kernel.table());
  require(plan_repair(wanted, "nat", kernel.table()).input.empty());

  const RepairPlan removal = plan_removal(wanted, "nat", kernel.table());
  require(kernel.restore(removal.input).has_value());
  check_foreign(wanted, saved, kernel.table());
  require(!kernel.table().chains.contains(kChainName));
  return 0;
}
