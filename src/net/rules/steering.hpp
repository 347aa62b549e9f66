// The nftables table of steering as text (docs/rules.md explains it rule by rule).
#pragma once

#include <string>
#include <string_view>

#include "net/rules/rule_set.hpp"

namespace nld::net {

/// Exactly as `nft -s -t list table` of nftables 1.0.6 prints it, which `nft -f` takes too.
/// `request.cluster_dns` must have a value.
std::string steering_table(const RuleRequest& request);

/// The set that remembers which flows to `address` go to the cluster DNS: "steered-169.254.20.10",
/// "steered-fd00--10" (a colon cannot be part of a set's name).
std::string steered_set(std::string_view address);

/// nft's word for the family: "ip", "ip6".
std::string_view nft_family(Family family) noexcept;

/// nft input that removes the table, and is no error when there is none.
std::string steering_removal(Family family);

inline constexpr std::string_view kAnsweringSet = "answering";
inline constexpr std::string_view kAsideSet = "aside";
/// Packets that went to the cluster DNS, by the address that was asked. A set and not a counter object, for
/// nft 1.0.6 reads one set alone, but every set of the table when it is asked for a counter.
inline constexpr std::string_view kSteeredPacketsSet = "steered_packets";

}  // namespace nld::net
