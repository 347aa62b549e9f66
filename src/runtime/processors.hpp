// Which processors this process may use, and how many.
#pragma once

#include <cstddef>
#include <vector>

namespace nld::runtime {

/// The numbers in the affinity mask.
std::vector<int> allowed_processors();
/// The smaller of the affinity mask and the cgroup's CPU quota (v2 and v1, rounded up), at least 1.
std::size_t usable_processors();

}  // namespace nld::runtime
