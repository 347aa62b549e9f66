// The nftables table of steering in the kernel: check, atomic repair that keeps the flows' memory, switch.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "net/command.hpp"
#include "net/repair.hpp"
#include "net/rules/rule_set.hpp"

namespace nld::net {

/// One client's flow to a local address, in the words of nft: `protocol` is "udp" or "tcp". A process on the
/// node itself is seen with the source that its socket got (getsockname(2)): the local address, as a rule.
struct Flow {
  std::string local;
  std::string client;
  std::string protocol;
  std::uint16_t port = 0;
};

/// One transaction.
std::expected<void, Failure> apply_nft(CommandRunner& commands, std::string_view input);

/// Through the program nft, one transaction a call. Blocks as long as it runs.
class SteeringTable {
 public:
  SteeringTable(CommandRunner& commands, Family family) noexcept;

  /// Whether this kernel and this nft take such a table (`nft --check`): decides Method `auto`.
  std::expected<void, std::string> usable(const RuleSet& wanted);

  /// Puts the table right if it is not. What the sets hold (flows, who answers, who is set aside) stays,
  /// unless the sets themselves have to be made anew.
  std::expected<std::vector<Repair>, Failure> ensure(const RuleSet& wanted);
  /// The steps of `ensure`, for several tables in one transaction: the kernel makes each wait for the others.
  struct Plan {
    std::string input;  ///< for nft -f; empty: nothing to do
    std::string anew;   ///< of the table that is there but cannot be changed: what the kernel cannot refuse
    std::vector<Repair> repairs;
  };
  std::expected<Plan, Failure> plan(const RuleSet& wanted);
  std::expected<void, Failure> apply(const Plan& plan);
  std::expected<void, Failure> learn(const RuleSet& wanted);  ///< how this nft prints it
  void begin_listing(ReadAhead& ahead) const;                 ///< what `plan`, `check` and `learn` wait for
  /// What is wrong, without mending it.
  std::expected<std::vector<Repair>, Failure> check(const RuleSet& wanted);
  /// What there was to remove. No table is no error.
  std::expected<std::vector<Repair>, Failure> remove();

  /// While set aside, packets go to the cluster DNS although the server has a socket: it hangs, or has not
  /// answered yet. No flow is lost by the change; connections that have begun stay where they are.
  std::expected<void, Failure> set_aside(const std::vector<std::string>& addresses, bool aside);
  [[nodiscard]] std::string aside_input(const std::vector<std::string>& addresses, bool aside) const;
  /// Whether any address is set aside; false without a table.
  std::expected<bool, Failure> is_aside();

  /// Whether the cluster DNS answers that flow. UDP flows are remembered for 10 s, TCP ones for 10 min.
  std::expected<bool, Failure> was_steered(const Flow& flow);
  /// Packets sent to the cluster DNS since the table was made; 0 without a table.
  std::expected<std::uint64_t, Failure> steered_packets();

 private:
  /// Empty: there is no such thing.
  [[nodiscard]] std::vector<std::string> listing() const;
  std::expected<std::string, Failure> list(const std::vector<std::string>& argv);
  std::expected<std::string, Failure> list_set(std::string_view set);
  std::expected<std::string, Failure> list_table();
  /// The text that the table must be listed with.
  [[nodiscard]] const std::string& expected_text(const RuleSet& wanted) const noexcept;

  CommandRunner& commands_;
  Family family_;
  std::string learned_for_;   ///< what was applied …
  std::string learned_text_;  ///< … and how this nft prints it
};

}  // namespace nld::net
