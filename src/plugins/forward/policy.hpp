// In which order a query tries the upstreams.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "plugins/forward/config.hpp"
#include "runtime/random.hpp"

namespace nld::plugins {

/// Indexes 0 to count - 1, each once. random: shuffled. round_robin: the one whose turn it is, then the
/// others as written. sequential: as written.
std::vector<std::uint8_t> order_of_upstreams(ForwardPolicy policy, std::size_t count,
                                             std::atomic<std::uint32_t>& turn, runtime::Random& random);

}  // namespace nld::plugins
