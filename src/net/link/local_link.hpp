// The interface that holds the local addresses, through rtnetlink.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "net/repair.hpp"
#include "runtime/socket_address.hpp"

namespace nld::net {

struct LinkState {
  bool up = false;
  std::string kind;  ///< "dummy", or a stand-in's ("ifb"); empty: not a virtual link
  std::vector<runtime::SocketAddress> addresses;  ///< ports 0; without link-local ones the kernel made itself
};

/// Synchronous: each call is a few netlink round trips, bounded in time.
class LocalLink {
 public:
  /// `addresses`: /32 and /128, ports ignored.
  LocalLink(std::string name, std::vector<runtime::SocketAddress> addresses);

  /// Nothing: no such interface.
  [[nodiscard]] std::expected<std::optional<LinkState>, std::string> look() const;
  /// Creates or mends: link, its being up, addresses that are missing. Others' addresses stay. An existing
  /// interface of that name is adopted when it is a virtual one without peers (dummy or a stand-in);
  /// anything else (eth0) is an error. IPv6 addresses without duplicate detection (they would be unusable
  /// for a second).
  std::expected<std::vector<Repair>, Failure> ensure();
  /// True when there was one of ours.
  std::expected<bool, std::string> remove();
  /// The kind that `ensure` made or found when the kernel has no dummy type, for a warning.
  [[nodiscard]] const std::optional<std::string>& stand_in() const noexcept { return stand_in_; }

 private:
  std::string name_;
  std::vector<runtime::SocketAddress> addresses_;
  std::optional<std::string> stand_in_;
};

}  // namespace nld::net
