// Misses in flight: the first query for a key fetches, the others wait for the same answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cache/answer.hpp"
#include "cache/key.hpp"

namespace nld::cache {

/// How a fetch ended: an answer (stored or not), or a failure with its text for `errors`.
struct FetchResult {
  AnswerPtr answer;         ///< null: nothing came
  std::string_view plugin;  ///< who answered (static string), for coredns_dns_responses_total
  std::string error;
  std::optional<dns::ExtendedError> extended_error;
  dns::Rcode rcode = dns::Rcode::SERVFAIL;  ///< when answer is null
};
using SharedResult = std::shared_ptr<const FetchResult>;

/// Called once, on whichever thread lands the flight: it must only post to its own loop.
using Passenger = std::move_only_function<void(SharedResult)>;

/// Thread-safe. Bounded: at most `limit` flights and `passengers` waiters a flight.
class Flights {
 public:
  Flights(std::size_t limit, std::size_t passengers);
  ~Flights();

  enum class Boarding : std::uint8_t { leads, joined, refused };
  /// `leads`: the caller must fetch and then call `land`, whatever happens.
  Boarding board(const Key& key, Passenger passenger);
  /// A fetch nobody waits for (prefetch, stale refresh): false when one is under way already.
  bool lead_alone(const Key& key);
  void land(const Key& key, SharedResult result);
  [[nodiscard]] std::size_t in_flight() const noexcept;

 private:
  class Shard;
  static constexpr std::size_t kShards = 16;
  std::unique_ptr<Shard[]> shards_;
  std::size_t limit_;
  std::size_t passengers_;
};

}  // namespace nld::cache
