// What a netlink notification says, as far as the agent cares. Reads any octets safely and copies none.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

namespace nld::net {

/// Calls `each` with the messages of one datagram that lie wholly within it.
void for_each_message(std::span<const std::byte> datagram, const std::function<void(const nlmsghdr&)>& each);

struct RouteChange {
  enum class Kind : std::uint8_t { link, link_gone, address };
  Kind kind = Kind::link;
  unsigned index = 0;
  std::string_view name;  ///< links only; into the message
};
/// Nothing: of another kind, about a bridge's port, or malformed.
std::optional<RouteChange> read_route_change(const nlmsghdr& message) noexcept;

struct RuleChange {
  std::string_view table;  ///< into the message
  std::string_view chain;  ///< empty for tables and sets
};
/// Tables, chains, rules and sets. Nothing for elements of sets, which packets and timers add and remove all
/// the time, for generations, for other subsystems, and when malformed.
std::optional<RuleChange> read_rule_change(const nlmsghdr& message) noexcept;

}  // namespace nld::net
