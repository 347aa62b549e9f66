// In which order a query tries the upstreams.
#pragma once

#include <atomic>
#include <boost/container/small_vector.hpp>
#include <cstdint>

#include "plugins/forward/config.hpp"
#include "runtime/random.hpp"

namespace nld::plugins {

/// As many as CoreDNS allows, without an allocation.
using UpstreamOrder = boost::container::small_vector<std::uint8_t, 15>;

/// Indexes 0 to count - 1, each once. random: shuffled. round_robin: the one whose turn it is, then the
/// others as written. sequential: as written.
UpstreamOrder order_of_upstreams(ForwardPolicy policy, std::size_t count, std::atomic<std::uint32_t>& turn,
                                 runtime::Random& random);

}  // namespace nld::plugins
