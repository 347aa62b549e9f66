// The `hosts` directive as data.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dns/name.hpp"

namespace nld::plugins {

struct HostsConfig {
  std::string path = "/etc/hosts";
  std::string lines;             ///< the entries of the block, as a hosts file has them
  std::vector<dns::Name> zones;  ///< lower-case; names outside of them are left out
  std::uint32_t ttl = 3600;
  bool reverse = true;
  std::chrono::milliseconds reload = std::chrono::seconds(5);  ///< zero: the file is read once
  std::vector<dns::Name> fallthrough;                          ///< for names in these zones; empty: for none
  bool fallthrough_unsupported = false;  ///< also for types other than A and AAAA of names that are there
};

}  // namespace nld::plugins
