// How many processors this process may use.
#pragma once

#include <cstddef>

namespace nld::runtime {

/// The smaller of the affinity mask and the cgroup's CPU quota (v2 and v1, rounded up), at least 1.
std::size_t usable_processors();

}  // namespace nld::runtime
