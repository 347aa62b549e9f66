// What a check found wrong and put right: for the log, `status` and the metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nld::net {

enum class Fault : std::uint8_t {
  missing,
  duplicated,
  altered,
  out_of_order,
  stale,
  foreign,  ///< a rule that node-cache left
};

struct Repair {
  enum class Kind : std::uint8_t { interface, address, link, iptables, nftables };
  Kind kind = Kind::interface;
  Fault fault = Fault::missing;
  std::string what;  ///< "nat NODE-LOCAL-DNS: rule 1", "address 169.254.20.10"
};

std::string_view to_string(Repair::Kind kind) noexcept;  ///< "interface", …
/// "nftables ip node-local-dns", "address 169.254.20.10": for a sentence that goes on with the fault.
std::string describe(const Repair& repair);
std::string_view to_string(Fault fault) noexcept;  ///< "missing", "out of order", …

/// Why a step failed; `locked`: another program held the xtables lock all the time.
struct Failure {
  std::string what;
  bool locked = false;
  std::vector<Repair> mended{};  ///< what was put right all the same: another table's part
};

/// What a pass over the families did, and the first thing that failed (the other family is still done).
struct RulesOutcome {
  std::vector<Repair> repairs{};
  std::optional<Failure> failure{};
};

}  // namespace nld::net
