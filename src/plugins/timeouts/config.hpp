// The `timeouts` directive as data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace nld::plugins {

/// Of clients' TCP connections; what is not given stays as the server has it.
struct TimeoutsConfig {
  std::optional<std::chrono::milliseconds> read;   ///< for a whole query, from its first octet on
  std::optional<std::chrono::milliseconds> write;  ///< for replies to leave
  std::optional<std::chrono::milliseconds> idle;   ///< between queries
  std::optional<std::uint32_t> queries;            ///< on one connection
};

}  // namespace nld::plugins
