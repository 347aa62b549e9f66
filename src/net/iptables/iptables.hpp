// iptables as the host uses it: which backend, what the kernel holds, atomic repair of what is ours.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/command.hpp"
#include "net/repair.hpp"
#include "net/rules/rule_set.hpp"

namespace nld::net {

enum class Backend : std::uint8_t { nft, legacy };
std::string_view to_string(Backend backend) noexcept;  ///< "nft"

/// The backend that holds the kubelet's or kube-proxy's chains (KUBE-IPTABLES-HINT, KUBE-KUBELET-CANARY,
/// else whichever has more rules, else nft). Nothing when no iptables program is installed.
std::optional<Backend> detect_backend(CommandRunner& commands);

/// One table as `iptables-save -t TABLE` prints it: chain names to rule specs in order.
struct SavedTable {
  std::map<std::string, std::vector<std::string>, std::less<>> chains;
};
/// Pure. Lines that are no rules of `table` are passed over; never fails.
SavedTable parse_saved_table(std::string_view text);

struct RepairPlan {
  std::string input;  ///< iptables-restore --noflush input for one table; empty: nothing to do
  std::vector<Repair> repairs;
};
/// Pure. What makes `table` hold `wanted`'s part of it: missing, duplicated, altered and misplaced rules of
/// ours; jumps to our chains that are not wanted any more. Nothing of others is touched.
RepairPlan plan_repair(const RuleSet& wanted, std::string_view table, const SavedTable& saved);
/// Pure. What removes from `table` the rules of `known` and everything that bears our chain's name.
RepairPlan plan_removal(const RuleSet& known, std::string_view table, const SavedTable& saved);

class Iptables {
 public:
  Iptables(CommandRunner& commands, Backend backend, Family family) noexcept;
  [[nodiscard]] Backend backend() const noexcept { return backend_; }

  std::expected<SavedTable, Failure> save(std::string_view table);
  /// Atomic per table. Waits for the xtables lock up to 2 s.
  std::expected<void, Failure> restore(std::string_view input);

  /// Checks and mends every table that `wanted` mentions; `kTables` are looked at for leftovers of ours.
  std::expected<std::vector<Repair>, Failure> ensure(const RuleSet& wanted);
  /// What is wrong, without mending it.
  std::expected<std::vector<Repair>, Failure> check(const RuleSet& wanted);
  std::expected<std::vector<Repair>, Failure> remove(const RuleSet& known);

 private:
  CommandRunner& commands_;
  Backend backend_;
  Family family_;
};

}  // namespace nld::net
