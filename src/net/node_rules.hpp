// All rules of this node: settles what the flags leave open, then checks, mends, switches and removes.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "net/iptables/iptables.hpp"
#include "net/kube_proxy/mode.hpp"
#include "net/nft/steering_tables.hpp"
#include "net/rules/rule_set.hpp"
#include "runtime/socket_address.hpp"

namespace nld::net {

/// The flags; nothing means `auto`.
struct RulesOptions {
  Mode mode = Mode::fallback;
  std::optional<Method> method{};
  std::optional<KubeProxyMode> kube_proxy{};
  std::optional<Backend> backend{};
  std::vector<runtime::SocketAddress> addresses{};
  std::uint16_t port = 53;
  std::vector<runtime::SocketAddress> cluster_dns{};  ///< one of a family at most
  DnsService service{};
  std::uint16_t health_port = 8080;
};

/// What was settled, and why.
struct RulesDecision {
  Method method = Method::steer;
  std::string method_reason;
  KubeProxyFinding kube_proxy;
  std::optional<Backend> backend;  ///< nothing: no iptables program, or none is needed
  std::vector<std::string> warnings;
};

/// Synchronous, one thread. Each call runs a few short programs.
class NodeRules {
 public:
  NodeRules(RulesOptions options, CommandRunner& commands);

  /// How an open method is settled: by a trial that leaves no trace, or, 15 ms sooner (a trial waits for the
  /// kernel's grace period), by making the table that `ensure` then finds. The second one leaves what only
  /// `clear_leftovers` needs to that.
  enum class Settle : std::uint8_t { on_trial, for_good };
  /// Looks at the host and settles what is open. The method stays what it was settled to the first time:
  /// flows of one method do not survive a change to the other.
  const RulesDecision& decide(Settle how = Settle::on_trial);
  [[nodiscard]] const RulesDecision& decision() const noexcept { return decision_; }

  /// The wanted rules of each family that can have any; `decision().warnings` says why one has none.
  [[nodiscard]] std::vector<RuleSet> wanted() const;

  /// Makes the kernel hold the wanted rules.
  RulesOutcome ensure();
  /// Once, after `ensure`, for the new rules stand before the old ones go: clears what another method of ours
  /// left, and what node-cache left (Fault::foreign): its rules for our addresses, which untrack packets that
  /// ours have to see. While another process had a socket at one of these addresses when they were decided
  /// on, they stay, with a warning. (Those that hinder iptables rules of ours are gone with `ensure`.)
  RulesOutcome clear_leftovers();
  [[nodiscard]] bool cleared() const noexcept { return cleared_; }
  /// No server is there yet: steering tables that the next `ensure` makes are born with packets led to the
  /// cluster DNS, and `server_lost` has nothing left to do.
  void expect_no_server() noexcept { steering_.expect_no_server(); }
  /// What `ensure` would mend.
  RulesOutcome check();
  /// Removes every rule, chain and table of ours, in both families and both backends.
  RulesOutcome remove();

  enum class Loss : std::uint8_t { died, hangs };
  /// Packets go to the cluster DNS from now on, socket or no socket, until `server_answers`. After a death
  /// only steering has anything to do: elsewhere the closed socket says it all.
  std::expected<void, Failure> server_lost(Loss loss);
  std::expected<void, Failure> server_answers();

  /// While on, no rule of ours refers to a chain of kube-proxy (Method::chain): see restore_failures.hpp.
  void step_aside_for_kube_proxy(bool on) noexcept { without_foreign_chains_ = on; }
  /// Whether a change in this table and chain of nf_tables may touch rules of ours.
  [[nodiscard]] bool concerns(std::string_view table, std::string_view chain) const noexcept;
  /// True where `step_aside_for_kube_proxy` can ever be needed.
  [[nodiscard]] bool refers_to_kube_proxy() const noexcept;

 private:
  struct PerFamily {
    Family family;
    std::vector<std::string> addresses{};
    std::optional<std::string> cluster_dns{};
    std::optional<std::string> in_use{};  ///< an address at which another process has a socket
    std::optional<Iptables> iptables{};
  };
  [[nodiscard]] RuleRequest request_for(const PerFamily& one) const;
  [[nodiscard]] std::expected<RuleSet, std::string> wanted_for(const PerFamily& one) const;
  [[nodiscard]] bool needs_iptables() const noexcept;
  void settle_backend();
  void settle_method(Settle how);
  void collect_warnings();
  void warn_of_unread_tables();
  [[nodiscard]] std::optional<std::string> why_not_steering(Settle how);
  using Repairs = std::expected<std::vector<Repair>, Failure>;
  template <typename Act>
  RulesOutcome for_each_family(Act act);
  Repairs ensure_for(PerFamily& one);
  void begin_reading(ReadAhead& ahead);
  [[nodiscard]] std::vector<SteeringTables::Wanted> wanted_steering() const;
  Repairs check_for(PerFamily& one);
  Repairs remove_for(PerFamily& one);
  Repairs clear_leftovers_for(PerFamily& one);
  void look_for_sockets();
  void inherit_from_node_cache();
  [[nodiscard]] bool has_node_cache_rules(const PerFamily& one, const RuleSet& theirs) const;
  [[nodiscard]] bool steers() const noexcept;
  std::expected<void, Failure> set_aside(bool aside);

  RulesOptions options_;
  CommandRunner& commands_;
  std::vector<PerFamily> families_;
  SteeringTables steering_;
  RulesDecision decision_;
  bool decided_ = false;
  bool cleared_ = false;
  std::optional<RulesOutcome> made_;           ///< what settling the method made
  std::optional<std::string> leftovers_;       ///< the warning about node-cache's rules
  std::optional<std::string> backend_unread_;  ///< why the backend is a guess
  bool aside_ = false;
  bool without_foreign_chains_ = false;
};

}  // namespace nld::net
