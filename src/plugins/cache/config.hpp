// The `cache` directive as data.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "dns/name.hpp"

namespace nld::plugins {

struct CacheConfig {
  std::vector<dns::Name> zones;  ///< lower-case; what it caches for (default: the block's zones)

  struct Part {
    std::size_t capacity = 9984;        ///< entries; 0: nothing is stored
    std::uint32_t max_ttl = 0;          ///< seconds; wins over min_ttl
    std::uint32_t min_ttl = 5;          ///< seconds
    std::vector<dns::Name> disabled{};  ///< `disable`: zones that are not stored in this part
  };
  Part success{.max_ttl = 3600};
  Part denial{.max_ttl = 1800};

  struct Prefetch {
    std::uint32_t amount = 0;  ///< 0: off
    std::chrono::milliseconds gap = std::chrono::minutes(1);
    std::uint32_t percentage = 10;
  } prefetch;

  struct Stale {
    std::chrono::milliseconds up_to{0};  ///< 0: off
    bool verify = false;
    std::chrono::milliseconds verify_timeout{0};  ///< 0: as long as the fetch takes
    std::chrono::milliseconds response_ttl{0};
    std::chrono::milliseconds failure_recheck{0};
    bool prefer_positive = false;  ///< serve_stale_policy prefer_positive
  } stale;

  std::chrono::milliseconds servfail_ttl = std::chrono::seconds(5);
  bool keep_ttl = false;
};

}  // namespace nld::plugins
