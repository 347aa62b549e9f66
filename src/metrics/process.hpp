// What the kernel says of this process, as the process_* metrics name it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace nld::metrics {

/// A value that cannot be read (a /proc that is restricted or absent) is empty.
struct ProcessFacts {
  std::optional<double> cpu_seconds;
  std::optional<double> start_time_seconds;  ///< since the epoch
  std::optional<double> resident_bytes;
  std::optional<double> virtual_bytes;
  std::optional<double> open_fds;
  std::optional<double> max_fds;
};

/// `proc`: where procfs is mounted; tests give a directory of their own.
ProcessFacts read_process_facts(const std::filesystem::path& proc = "/proc");

}  // namespace nld::metrics
