// The `header` directive as data.
#pragma once

#include <cstdint>

namespace nld::plugins {

/// Bits of the header's flags word; none is in both.
struct FlagChange {
  std::uint16_t set = 0;
  std::uint16_t clear = 0;

  [[nodiscard]] constexpr std::uint16_t applied_to(std::uint16_t flags) const noexcept {
    return static_cast<std::uint16_t>((flags & ~clear) | set);
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return set == 0 && clear == 0; }
  friend bool operator==(const FlagChange&, const FlagChange&) = default;
};

struct HeaderConfig {
  FlagChange query;     ///< of what goes upstream
  FlagChange response;  ///< of what the client gets
};

}  // namespace nld::plugins
