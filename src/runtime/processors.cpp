// Affinity mask and CPU quota.
#include "runtime/processors.hpp"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

namespace nld::runtime {
namespace {

std::optional<std::size_t> whole_processors(double quota, double period) {
  if (quota <= 0 || period <= 0) return std::nullopt;
  return std::max<std::size_t>(1, static_cast<std::size_t>((quota + period - 1) / period));
}

/// Inside a container the cgroup file system shows the container's own group at its root.
std::optional<std::size_t> quota_processors() {
  if (std::ifstream file("/sys/fs/cgroup/cpu.max"); file) {
    std::string quota;
    double period = 0;
    file >> quota >> period;
    if (quota == "max" || quota.empty()) return std::nullopt;
    return whole_processors(std::stod(quota), period);
  }
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (quota_file >> quota && period_file >> period) return whole_processors(quota, period);
  return std::nullopt;
}

}  // namespace

std::vector<int> allowed_processors() {
  std::vector<int> allowed;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return allowed;
  for (std::size_t number = 0; number < CPU_SETSIZE; ++number) {
    if (CPU_ISSET(number, &mask)) allowed.push_back(static_cast<int>(number));
  }
  return allowed;
}

std::size_t usable_processors() {
  const std::size_t count = std::max<std::size_t>(1, allowed_processors().size());
  return std::min(count, quota_processors().value_or(count));
}

}  // namespace nld::runtime
