// What the workers share of one `cache` directive; it outlives reloads that keep the block.
#pragma once

#include "cache/budget.hpp"
#include "cache/flights.hpp"
#include "cache/table.hpp"

namespace nld::plugins {

struct CacheShared {
  static constexpr std::size_t kMaxFlights = 4096;     ///< distinct names being fetched at one time
  static constexpr std::size_t kMaxPassengers = 1024;  ///< clients that wait for one of them

  CacheShared(cache::Capacity capacity, cache::Budget& budget)
      : table(capacity, budget), flights(kMaxFlights, kMaxPassengers) {}

  cache::Table table;
  cache::Flights flights;
};

}  // namespace nld::plugins
