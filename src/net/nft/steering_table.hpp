// The nftables table of steering in the kernel: check, atomic repair that keeps the flows' memory, switch.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "net/command.hpp"
#include "net/repair.hpp"
#include "net/rules/rule_set.hpp"

namespace nld::net {

class SteeringTable {
 public:
  SteeringTable(CommandRunner& commands, Family family) noexcept;

  /// Whether this kernel and this nft take such a table (`nft --check`): decides Method `auto`.
  std::expected<void, std::string> usable(const RuleSet& wanted);

  std::expected<std::vector<Repair>, Failure> ensure(const RuleSet& wanted);
  std::expected<std::vector<Repair>, Failure> check(const RuleSet& wanted);
  std::expected<std::vector<Repair>, Failure> remove();

  /// While set aside, packets go to the cluster DNS although the server has a socket: it hangs, or has not
  /// answered yet. No flow is lost by the change.
  std::expected<void, Failure> set_aside(const std::vector<std::string>& addresses, bool aside);
  /// Whether any address is set aside; false without a table.
  std::expected<bool, Failure> is_aside();

 private:
  CommandRunner& commands_;
  Family family_;
  std::string learned_for_;   ///< what was applied …
  std::string learned_text_;  ///< … and how this nft prints it
};

}  // namespace nld::net
