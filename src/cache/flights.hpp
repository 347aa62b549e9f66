// Misses in flight: the first query for a key fetches, the others wait for the same answer.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cache/answer.hpp"
#include "cache/key.hpp"
#include "cache/provenance.hpp"

namespace nld::cache {

/// How a fetch ended: an answer (stored or not), or a failure with its text for `errors`.
struct FetchResult {
  AnswerPtr answer;         ///< null: nothing came
  std::string_view plugin;  ///< who answered (static string), for coredns_dns_responses_total
  std::string error;
  std::optional<dns::ExtendedError> extended_error;
  std::string extended_error_text{};
  std::shared_ptr<const Provenance> provenance{};
  dns::Rcode rcode = dns::Rcode::SERVFAIL;  ///< when answer is null
};
using SharedResult = std::shared_ptr<const FetchResult>;

/// Called once, on whichever thread lands the flight: it must only post to its own loop.
using Passenger = std::move_only_function<void(SharedResult)>;

/// Thread-safe. Bounded: at most `limit` flights and `passengers` waiters a flight, its leader counted. Keys
/// that may have different answers elsewhere need a Flights of their own (one a `cache` directive).
class Flights {
 public:
  Flights(std::size_t limit, std::size_t passengers);
  /// Passengers of flights that have not landed are never called.
  ~Flights();
  Flights(const Flights&) = delete;
  Flights& operator=(const Flights&) = delete;

  enum class Boarding : std::uint8_t { leads, joined, refused };
  /// `leads`: the caller must fetch and then call `land`, whatever happens; its passenger waits like the
  /// others. `refused`: a bound is reached; the passenger is destroyed, never called.
  Boarding board(const Key& key, Passenger passenger);
  /// A fetch nobody waits for yet (prefetch, stale refresh); who boards later joins it. False when one is
  /// under way already or the flights are used up. True: the caller must `land`.
  bool lead_alone(const Key& key);
  /// Calls the passengers in the order they boarded, with no lock held: one may board the same key anew.
  /// Pre-condition: the caller leads the flight.
  void land(const Key& key, const SharedResult& result);
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }

 private:
  class Shard;
  [[nodiscard]] Shard& shard_of(const Key& key) const noexcept;
  [[nodiscard]] bool take_off() noexcept;

  static constexpr std::size_t kShards = 16;
  std::unique_ptr<Shard[]> shards_;
  std::size_t limit_;
  std::size_t passengers_;
  std::atomic<std::size_t> in_flight_{0};
};

}  // namespace nld::cache
