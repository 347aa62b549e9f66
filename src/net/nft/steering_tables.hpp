// The steering tables of both address families, made, mended and switched together.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/command.hpp"
#include "net/nft/steering_table.hpp"
#include "net/repair.hpp"
#include "net/rules/rule_set.hpp"

namespace nld::net {

/// One transaction for both families where the kernel takes it, else one for each. For one thread at a time.
class SteeringTables {
 public:
  explicit SteeringTables(CommandRunner& commands) noexcept;
  [[nodiscard]] SteeringTable& of(Family family) noexcept { return family == Family::ipv4 ? ipv4_ : ipv6_; }

  /// One family's table, and the addresses that its switch is about.
  struct Wanted {
    RuleSet set;
    std::vector<std::string> addresses;
  };
  /// The switch of a table that has to be made anew is put where it was. How this nft prints the tables is
  /// read back; after the first call by the next one, for a server's start is waiting then.
  RulesOutcome ensure(std::vector<Wanted> wanted);
  /// For those who list the tables by other means: what is still to be read back would be read as that.
  void read_back();

  std::expected<void, Failure> set_aside(const std::vector<Wanted>& wanted, bool aside);
  /// No server is there yet: tables that the next `ensure` makes are set aside from their birth.
  void expect_no_server() noexcept { birth_ = Birth::awaited; }
  /// Whether all were, and nothing has switched them since.
  [[nodiscard]] bool born_aside() const noexcept { return birth_ == Birth::aside; }

 private:
  struct Part {
    SteeringTable& table;
    RuleSet set;
    SteeringTable::Plan plan;
    bool is_new;
  };
  std::vector<Part> plan(std::vector<Wanted> wanted, RulesOutcome& outcome);
  [[nodiscard]] std::string elements_for(const SteeringTable& table, const Wanted& wanted, bool is_new) const;

  CommandRunner& commands_;
  SteeringTable ipv4_;
  SteeringTable ipv6_;
  bool aside_ = false;
  bool unsettled_ = false;  ///< the kernel's switch may not be what `aside_` says
  enum class Birth : std::uint8_t { ordinary, awaited, aside };
  Birth birth_ = Birth::ordinary;
  bool started_ = false;
  std::optional<ReadAhead> listing_;
  std::vector<std::pair<SteeringTable*, RuleSet>> written_;
};

}  // namespace nld::net
