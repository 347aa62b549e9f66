// A response and what the cache knows of it: one allocation, counted references. In a table, the entry
// itself.
#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <optional>
#include <span>

#include "cache/key.hpp"
#include "dns/response.hpp"
#include "dns/types.hpp"
#include "runtime/clock.hpp"

namespace nld::cache {

/// Which part of the cache an answer belongs to. Failures live and count in the denial part, in a
/// slot of their own, so that a SERVFAIL never hides good data.
enum class Part : std::uint8_t { success, denial, failure };
constexpr std::size_t kPartCount = 3;

class Answer;
using AnswerPtr = boost::intrusive_ptr<const Answer>;

/// Everything but the counters and the place in a table is fixed before anybody shares it. The wire bytes
/// hold no OPT; id is 0.
class Answer {
 public:
  struct Facts {
    Part part = Part::success;
    dns::ResponseKind kind = dns::ResponseKind::success;
    dns::Rcode rcode = dns::Rcode::NOERROR;
    std::uint32_t ttl = 0;  ///< seconds it is fresh, after the cache's limits
    runtime::TimePoint stored_at{};
    std::optional<dns::ExtendedError> extended_error{};
  };
  /// Copies both into the new block. Pre-condition: a DNS message's sizes, at most 65,535 octets and offsets.
  static AnswerPtr make(const Facts& facts, dns::Bytes wire, std::span<const std::uint16_t> ttl_offsets);
  /// The answer as a table stores it: under `key`, with new times. The same block if nobody else holds it,
  /// else a copy. Its question is the key's from then on, in lower case: so the key takes no memory of its
  /// own, and whoever serves it writes the client's question over it. Pre-condition: `answer->asks(key)`.
  static AnswerPtr entry(AnswerPtr answer, const Key& key, std::uint32_t ttl, runtime::TimePoint stored_at);
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  /// Begins to load what serving it will read: its lines of memory come together, not one after another.
  void prefetch() const noexcept {
    constexpr std::size_t kLine = 64;
    constexpr std::size_t kLines = 4;  // most answers end there
    const auto* block = reinterpret_cast<const std::uint8_t*>(this);
    for (std::size_t line = 0; line < kLines; ++line) __builtin_prefetch(block + line * kLine);
  }
  [[nodiscard]] const Facts& facts() const noexcept { return facts_; }
  /// Whether its question is the key's, in whatever case.
  [[nodiscard]] bool asks(const Key& key) const noexcept;
  /// Of an entry. Refers to this answer.
  [[nodiscard]] KeyView key() const noexcept {
    return {.hash = hash_, .question = wire().subspan(dns::kHeaderSize, question_size_), .bits = key_bits_};
  }
  [[nodiscard]] bool is_for(const KeyView& key) const noexcept;
  [[nodiscard]] dns::Bytes wire() const noexcept;
  [[nodiscard]] std::span<const std::uint16_t> ttl_offsets() const noexcept;
  [[nodiscard]] std::size_t memory() const noexcept;  ///< octets of the block, for the budget

  [[nodiscard]] runtime::TimePoint expires_at() const noexcept {
    return facts_.stored_at + std::chrono::seconds(facts_.ttl);
  }
  /// Same as `ttl_at(now) > 0`.
  [[nodiscard]] bool fresh_at(runtime::TimePoint now) const noexcept { return now < expires_at(); }
  /// Seconds of freshness left; negative: seconds since it expired (both rounded away from zero). Never more
  /// than facts().ttl, even when `now` was read before the answer was stored.
  [[nodiscard]] std::int64_t ttl_at(runtime::TimePoint now) const noexcept;

  // Popularity and refresh state: relaxed atomics, changed by any worker.
  struct Usage {
    std::atomic<std::uint32_t> hits{0};             ///< since the last gap longer than prefetch DURATION
    std::atomic<std::int64_t> last_hit_ms{0};       ///< steady clock
    std::atomic<std::int64_t> recheck_after_ms{0};  ///< no refresh before that (RFC 8767 failure recheck)
  };
  [[nodiscard]] Usage& usage() const noexcept { return usage_; }

  /// Where it is in the eviction queue of the table that holds it: the table's, under its shard's lock.
  struct Place {
    const Answer* newer = nullptr;
    const Answer* older = nullptr;
    bool visited = false;  ///< since the hand of SIEVE passed
  };
  [[nodiscard]] Place& place() const noexcept { return place_; }

  friend void intrusive_ptr_add_ref(const Answer* answer) noexcept {
    answer->references_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(const Answer* answer) noexcept {
    // Release by every owner and acquire by the last: what they did to the block happens before its end.
    if (answer->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(answer);
  }

 private:
  Answer(const Facts& facts, std::uint32_t wire_size, std::uint16_t ttl_count) noexcept
      : wire_size_(wire_size), ttl_count_(ttl_count), facts_(facts) {}
  ~Answer() = default;
  static void destroy(const Answer* answer) noexcept;
  [[nodiscard]] std::size_t block_size() const noexcept;

  // In the order in which a hit needs them: mostly one cache line, then the offsets and the wire bytes.
  mutable std::atomic<std::uint32_t> references_{0};
  std::uint32_t wire_size_;
  std::uint64_t hash_ = 0;
  std::uint16_t ttl_count_;
  std::uint16_t question_size_ = 0;
  std::uint8_t key_bits_ = 0;
  Facts facts_;
  mutable Place place_;
  mutable Usage usage_;
  // followed by: TTL offsets, wire bytes
};

}  // namespace nld::cache
