// iptables as the host uses it: which backend, what the kernel holds, atomic repair of what is ours.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/command.hpp"
#include "net/repair.hpp"
#include "net/rules/rule_set.hpp"

namespace nld::net {

enum class Backend : std::uint8_t { nft, legacy };
std::string_view to_string(Backend backend) noexcept;  ///< "nft"

/// The backend that holds the kubelet's chains (KUBE-IPTABLES-HINT, KUBE-KUBELET-CANARY), else the one with
/// kube-proxy's (`kube_proxys`, when somebody has seen them), else whichever has more rules, else what the
/// plain `iptables` is.
struct BackendFinding {
  std::optional<Backend> backend{};     ///< nothing: no iptables program is installed
  std::optional<std::string> unread{};  ///< why tables that the kernel lists had to be left out: a guess then
};
BackendFinding detect_backend(CommandRunner& commands, std::optional<Backend> kube_proxys = {});
/// Whether a failed `save` hides a table that is there: without NET_RAW nobody can read one of the legacy
/// backend.
bool is_unreadable(Backend backend, const Failure& failure) noexcept;

/// One table as `iptables-save -t TABLE` prints it: chain names to rule specs in order.
struct SavedTable {
  std::map<std::string, std::vector<std::string>, std::less<>> chains;
  friend bool operator==(const SavedTable&, const SavedTable&) = default;
};
/// Pure. Lines that are no rules of `table` are passed over; never fails.
SavedTable parse_saved_table(std::string_view text);

struct RepairPlan {
  std::string input;  ///< iptables-restore --noflush input for one table; empty: nothing to do
  std::vector<Repair> repairs;
  std::vector<BuiltinRule> inserted;
  std::vector<std::string> absent;  ///< kube-proxy's chains that wanted rules jump to: `input` would fail
};
/// Pure. What makes `table` hold `wanted`'s part of it: missing, duplicated, altered and misplaced rules of
/// ours; jumps to our chains that are not wanted any more; rules of `former` (what was applied before) that
/// are not in `wanted`. Nothing of others is touched.
RepairPlan plan_repair(const RuleSet& wanted, std::string_view table, const SavedTable& saved,
                       const RuleSet& former = {});
/// Pure. What removes from `table` the rules of `known` and everything that bears our chain's name.
RepairPlan plan_removal(const RuleSet& known, std::string_view table, const SavedTable& saved);

/// For one thread at a time.
class Iptables {
 public:
  Iptables(CommandRunner& commands, Backend backend, Family family) noexcept;
  [[nodiscard]] Backend backend() const noexcept { return backend_; }

  /// A table that the legacy backend has not got yet is empty; looking does not create it.
  std::expected<SavedTable, Failure> save(std::string_view table);
  /// The programs that the next `save` of these tables, or `ensure` and `check`, would wait for.
  void begin_saving(std::span<const std::string_view> tables, ReadAhead& ahead);
  void begin_reading(const RuleSet& wanted, ReadAhead& ahead);
  /// Atomic per table. Waits for the xtables lock up to 2 s.
  std::expected<void, Failure> restore(std::string_view input);

  /// Checks and mends the tables that `wanted` mentions, nat first; until it has succeeded once, nat, raw and
  /// filter are looked at for leftovers of ours in any case. What was written is read back. Rules that an
  /// earlier call applied and `wanted` has no more are removed. A table that cannot be mended does not hinder
  /// the others (Failure::mended).
  std::expected<std::vector<Repair>, Failure> ensure(const RuleSet& wanted);
  /// What is wrong, without mending it.
  std::expected<std::vector<Repair>, Failure> check(const RuleSet& wanted);
  /// What was removed.
  std::expected<std::vector<Repair>, Failure> remove(const RuleSet& known);
  /// Rules that another program left: the next `ensure` removes those that are exactly like one of `rules`.
  void inherit(const RuleSet& rules);

 private:
  std::expected<void, Failure> find();
  [[nodiscard]] bool has(std::string_view table) const;
  void begin_save(std::string_view table, ReadAhead& ahead);
  std::expected<CommandResult, Failure> run(std::string_view tool, std::vector<std::string> arguments,
                                            std::string_view input);
  std::expected<std::vector<Repair>, Failure> change(const RuleSet& wanted, bool apply);
  struct Change {
    std::string table;
    RepairPlan plan;
    std::optional<Failure> failure;
  };
  std::expected<RepairPlan, Failure> plan_table(std::string_view table, const RuleSet& wanted);
  /// By one program; each by itself when that fails.
  void write(std::vector<Change>& changes, const RuleSet& wanted);
  std::expected<void, Failure> confirm(std::string_view table, const RuleSet& wanted, const RepairPlan& done);

  CommandRunner& commands_;
  Backend backend_;
  Family family_;
  std::string programs_;  // "iptables-nft", once known
  RuleSet applied_;       // by the last `ensure`
  bool looked_everywhere_ = false;
};

}  // namespace nld::net
