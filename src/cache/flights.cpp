// Flights: one set of fetches under way a shard.
#include "cache/flights.hpp"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cassert>
#include <mutex>
#include <utility>

#include "runtime/recycled.hpp"

namespace nld::cache {
namespace {

/// Few names are asked for by many at one time.
using Passengers = boost::container::small_vector<Passenger, 1>;

struct Flight : runtime::Recycled {
  explicit Flight(const Key& its_key) noexcept : key(its_key) {}
  Key key;
  Passengers passengers;
};
using FlightPtr = std::unique_ptr<Flight>;

struct FlightHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(const FlightPtr& flight) const noexcept { return flight->key.hash(); }
  std::size_t operator()(const Key& key) const noexcept { return key.hash(); }
};
struct FlightEqual {
  using is_transparent = void;
  bool operator()(const FlightPtr& left, const FlightPtr& right) const noexcept {
    return left->key == right->key;
  }
  bool operator()(const Key& left, const FlightPtr& right) const noexcept { return left == right->key; }
  bool operator()(const FlightPtr& left, const Key& right) const noexcept { return left->key == right; }
};

}  // namespace

class alignas(64) Flights::Shard {
 public:
  std::mutex mutex;
  boost::unordered_flat_set<FlightPtr, FlightHash, FlightEqual> flights;
};

Flights::Flights(std::size_t limit, std::size_t passengers)
    : shards_(std::make_unique<Shard[]>(kShards)),
      limit_(limit),
      passengers_(std::max<std::size_t>(passengers, 1)) {}

Flights::~Flights() = default;

Flights::Shard& Flights::shard_of(const Key& key) const noexcept {
  // Neither the lowest octet nor the highest bits: the set uses those.
  return shards_[(key.hash() >> 8U) % kShards];
}

bool Flights::take_off() noexcept {
  std::size_t count = in_flight_.load(std::memory_order_relaxed);
  while (count < limit_)
    if (in_flight_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) return true;
  return false;
}

Flights::Boarding Flights::board(const Key& key, Passenger passenger) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.flights.find(key); found != shard.flights.end()) {
    auto& passengers = (*found)->passengers;
    if (passengers.size() >= passengers_) return Boarding::refused;
    passengers.push_back(std::move(passenger));
    return Boarding::joined;
  }
  if (!take_off()) return Boarding::refused;
  const auto flight = shard.flights.insert(std::make_unique<Flight>(key)).first;
  (*flight)->passengers.push_back(std::move(passenger));
  return Boarding::leads;
}

bool Flights::lead_alone(const Key& key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (shard.flights.contains(key) || !take_off()) return false;
  shard.flights.insert(std::make_unique<Flight>(key));
  return true;
}

void Flights::land(const Key& key, const SharedResult& result) {
  Shard& shard = shard_of(key);
  Passengers passengers;
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.flights.find(key);
    assert(found != shard.flights.end() && "landed a flight that nobody leads");
    if (found == shard.flights.end()) return;
    passengers = std::move((*found)->passengers);
    shard.flights.erase(found);
  }
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  for (Passenger& passenger : passengers) passenger(result);
}

}  // namespace nld::cache
