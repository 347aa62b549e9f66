// Runs iptables-save and iptables-restore, table by table.
#include "net/iptables/iptables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "net/iptables/legacy_tables.hpp"
#include "net/iptables/programs.hpp"
#include "net/iptables/rule_spec.hpp"

namespace nld::net {
namespace {

/// nat before raw: a server that hangs is taken out of nat first, for without the raw rule its flows are
/// pinned to it by conntrack as long as nat lets them in.
constexpr std::array<std::string_view, 3> kTables{"nat", "raw", "filter"};

bool mentions(const RuleSet& set, std::string_view table) {
  return std::ranges::count(set.chains, table, &OwnChain::table) > 0 ||
         std::ranges::count(set.rules, table, &BuiltinRule::table) > 0;
}

/// The tables to look at.
std::vector<std::string> tables_of(const RuleSet& wanted, const RuleSet& former, bool all) {
  std::vector<std::string> tables;
  for (const std::string_view table : kTables) {
    if (all || mentions(wanted, table) || mentions(former, table)) tables.emplace_back(table);
  }
  const auto add = [&](const std::string& table) {
    if (std::ranges::count(tables, table) == 0) tables.push_back(table);
  };
  for (const RuleSet* set : {&wanted, &former}) {
    for (const OwnChain& chain : set->chains) add(chain.table);
    for (const BuiltinRule& rule : set->rules) add(rule.table);
  }
  return tables;
}

std::string_view family_name(Family family) noexcept {
  return family == Family::ipv4 ? "IPv4" : "IPv6";
}

void add_to(RuleSet& set, const RuleSet& more) {
  for (const BuiltinRule& rule : more.rules) {
    if (std::ranges::count(set.rules, rule) == 0) set.rules.push_back(rule);
  }
  for (const OwnChain& chain : more.chains) {
    if (std::ranges::count(set.chains, chain) == 0) set.chains.push_back(chain);
  }
}

bool holds(const SavedTable& saved, const BuiltinRule& rule) {
  const auto chain = saved.chains.find(rule.chain);
  return chain != saved.chains.end() &&
         std::ranges::count(chain->second, normal_form(rule.spec), normal_form) > 0;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char next : text.substr(0, text.find_last_not_of(" \n") + 1)) {
    if (next == '\n') {
      line += "; ";
    } else {
      line += next;
    }
  }
  return line;
}

/// "Another app is currently holding the xtables lock": legacy only, and status 4 has other causes too.
bool is_lock_held(const CommandResult& result) {
  constexpr int kResourceProblem = 4;
  return result.status == kResourceProblem && result.error.contains("holding the xtables lock");
}

}  // namespace

Iptables::Iptables(CommandRunner& commands, Backend backend, Family family) noexcept
    : commands_(commands), backend_(backend), family_(family) {}

std::expected<void, Failure> Iptables::find() {
  if (!programs_.empty()) return {};
  auto found = find_programs(commands_, backend_, family_);
  if (!found) return std::unexpected(Failure{.what = std::move(found).error()});
  programs_ = std::move(*found);
  return {};
}

std::expected<CommandResult, Failure> Iptables::run(std::string_view tool, std::vector<std::string> arguments,
                                                    std::string_view input) {
  if (auto found = find(); !found) return std::unexpected(std::move(found).error());
  arguments.insert(arguments.begin(), fmt::format("{}-{}", programs_, tool));
  auto result = commands_.run(arguments, input);
  if (!result) return std::unexpected(Failure{.what = std::move(result).error()});
  if (result->status != 0) {
    return std::unexpected(Failure{.what = fmt::format("{} (status {}): {}", fmt::join(arguments, " "),
                                                       result->status, one_line(result->error)),
                                   .locked = is_lock_held(*result)});
  }
  return std::move(*result);
}

bool Iptables::has(std::string_view table) const {
  return backend_ == Backend::nft || std::ranges::count(legacy_tables(family_), table) > 0;
}

void Iptables::begin_save(std::string_view table, ReadAhead& ahead) {
  if (has(table) && find()) ahead.begin({programs_ + "-save", "-t", std::string(table)});
}

void Iptables::begin_saving(std::span<const std::string_view> tables, ReadAhead& ahead) {
  for (const std::string_view table : tables) begin_save(table, ahead);
}

void Iptables::begin_reading(const RuleSet& wanted, ReadAhead& ahead) {
  for (const std::string& table : tables_of(wanted, applied_, !looked_everywhere_)) begin_save(table, ahead);
}

std::expected<SavedTable, Failure> Iptables::save(std::string_view table) {
  if (!has(table)) return SavedTable{};
  auto printed = run("save", {"-t", std::string(table)}, {});
  if (!printed) return std::unexpected(std::move(printed).error());
  // Then it prints no rule at all with status 0, while restoring still works: every check would add all of
  // ours once more.
  if (printed->out.contains("is incompatible, use 'nft' tool")) {
    return std::unexpected(
        Failure{.what = fmt::format("table {} ({}) holds rules made by nft that iptables-save "
                                    "cannot print: ours cannot be checked",
                                    table, family_name(family_))});
  }
  return parse_saved_table(printed->out);
}

std::expected<void, Failure> Iptables::restore(std::string_view input) {
  if (input.empty()) return {};
  // iptables-nft takes the flag and needs no lock; --wait-interval is deprecated and warns.
  auto done = run("restore", {"--noflush", "-w", "2"}, input);
  if (!done) return std::unexpected(std::move(done).error());
  return {};
}

std::expected<RepairPlan, Failure> Iptables::plan_table(std::string_view table, const RuleSet& wanted) {
  auto saved = save(table);
  if (!saved) return std::unexpected(std::move(saved).error());
  return plan_repair(wanted, table, *saved, applied_);
}

void Iptables::write(std::vector<Change>& changes, const RuleSet& wanted) {
  std::string together;
  for (const Change& change : changes) together += change.plan.input;
  const auto done = restore(together);
  if (done) return;
  const bool alone = changes.size() > 1 && !done.error().locked;
  for (Change& change : changes) {
    change.failure = done.error();
    if (!alone) continue;
    // Those before the one that was refused have been written.
    const auto plan = plan_table(change.table, wanted);
    const auto again = !plan ? std::unexpected(plan.error()) : restore(plan->input);
    change.failure = again ? std::nullopt : std::optional(again.error());
  }
}

std::expected<void, Failure> Iptables::confirm(std::string_view table, const RuleSet& wanted,
                                               const RepairPlan& done) {
  auto saved = save(table);
  if (!saved) return std::unexpected(std::move(saved).error());
  const RepairPlan left = plan_repair(wanted, table, *saved, applied_);
  if (left.repairs.empty()) return {};
  // A release of iptables that prints a rule in words that are not ours would get it once more at every
  // check: take back what cannot be recognised. If another program was quicker, there is nothing to take
  // back.
  std::string undo;
  for (const BuiltinRule& rule : left.inserted) {
    const bool written = std::ranges::count(done.inserted, rule) > 0;
    if (written && !holds(*saved, rule)) undo += fmt::format("-D {} {}\n", rule.chain, rule.spec);
  }
  if (!undo.empty()) static_cast<void>(restore(fmt::format("*{}\n{}COMMIT\n", table, undo)));
  const Repair& first = left.repairs.front();
  return std::unexpected(Failure{.what = fmt::format("does not read back as it was written: {} is {}",
                                                     first.what, to_string(first.fault))});
}

std::expected<std::vector<Repair>, Failure> Iptables::change(const RuleSet& wanted, bool apply) {
  std::vector<Repair> repairs;
  std::optional<Failure> failure;
  const auto failed = [&](const std::string& table, Failure why) {
    // A table that is only looked at for leftovers may be one that this kernel lacks.
    if (!failure && (mentions(wanted, table) || mentions(applied_, table))) failure = std::move(why);
  };
  ReadAhead ahead(commands_);
  begin_reading(wanted, ahead);
  std::vector<Change> changes;
  for (const std::string& table : tables_of(wanted, applied_, !looked_everywhere_)) {
    auto plan = plan_table(table, wanted);
    if (!plan) {
      failed(table, std::move(plan).error());
    } else if (!apply || plan->input.empty()) {
      std::ranges::move(plan->repairs, std::back_inserter(repairs));
    } else if (!plan->absent.empty()) {
      failed(table,
             {.what = fmt::format("table {}: kube-proxy has not made {} yet ({}, {})", table,
                                  fmt::join(plan->absent, ", "), to_string(backend_), family_name(family_))});
    } else {
      changes.push_back({.table = table, .plan = std::move(*plan), .failure = std::nullopt});
    }
  }
  if (!changes.empty()) write(changes, wanted);
  for (const Change& change : changes) {
    if (!change.failure) begin_save(change.table, ahead);
  }
  for (Change& change : changes) {
    if (!change.failure) {
      if (auto done = confirm(change.table, wanted, change.plan); !done) change.failure = done.error();
    }
    if (change.failure) {
      failed(change.table, std::move(*change.failure));
    } else {
      std::ranges::move(change.plan.repairs, std::back_inserter(repairs));
    }
  }
  if (!failure) return repairs;
  if (apply) failure->mended = std::move(repairs);
  return std::unexpected(std::move(*failure));
}

std::expected<std::vector<Repair>, Failure> Iptables::ensure(const RuleSet& wanted) {
  auto mended = change(wanted, true);
  if (mended) {
    applied_ = wanted;
    looked_everywhere_ = true;
  } else {
    // Some of it may be in the kernel now: ours to remove one day, as what should have gone still is.
    add_to(applied_, wanted);
  }
  return mended;
}

std::expected<std::vector<Repair>, Failure> Iptables::check(const RuleSet& wanted) {
  return change(wanted, false);
}

void Iptables::inherit(const RuleSet& rules) {
  add_to(applied_, rules);
}

std::expected<std::vector<Repair>, Failure> Iptables::remove(const RuleSet& known) {
  add_to(applied_, known);
  return ensure({});
}

}  // namespace nld::net
