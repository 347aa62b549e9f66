// The words of repairs.
#include "net/repair.hpp"

namespace nld::net {

std::string_view to_string(Repair::Kind kind) noexcept {
  switch (kind) {
    case Repair::Kind::interface:
      return "interface";
    case Repair::Kind::address:
      return "address";
    case Repair::Kind::link:
      return "link";
    case Repair::Kind::iptables:
      return "iptables";
    case Repair::Kind::nftables:
      break;
  }
  return "nftables";
}

std::string_view to_string(Fault fault) noexcept {
  switch (fault) {
    case Fault::missing:
      return "missing";
    case Fault::duplicated:
      return "duplicated";
    case Fault::altered:
      return "altered";
    case Fault::out_of_order:
      return "out of order";
    case Fault::stale:
      return "stale";
    case Fault::foreign:
      break;
  }
  return "foreign";
}

std::string describe(const Repair& repair) {
  const bool rule = repair.kind == Repair::Kind::iptables || repair.kind == Repair::Kind::nftables;
  // Interfaces and addresses say themselves what they are.
  return rule ? std::string(to_string(repair.kind)) + " " + repair.what : repair.what;
}

}  // namespace nld::net
