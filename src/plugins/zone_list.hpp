// Zones as arguments of a directive: which of them a name belongs to.
#pragma once

#include <span>

#include "dns/name.hpp"

namespace nld::plugins {

/// The longest of `zones` that `name` is in; null: none of them.
inline const dns::Name* longest_zone(std::span<const dns::Name> zones, dns::NameView name) noexcept {
  const dns::Name* longest = nullptr;
  for (const dns::Name& zone : zones) {
    if (longest != nullptr && zone.size() <= longest->size()) continue;
    if (dns::is_at_or_below(name, zone.wire())) longest = &zone;
  }
  return longest;
}

}  // namespace nld::plugins
