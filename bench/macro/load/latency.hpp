// How long answers took: a histogram whose buckets are 1.6 % wide, and its percentiles.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace load {

class Latencies {
 public:
  void add(std::chrono::nanoseconds time) {
    ++buckets_[bucket(time.count() < 0 ? 0U : static_cast<std::uint64_t>(time.count()))];
    ++count_;
  }
  /// The time in nanoseconds that `share` of the answers did not exceed; 0 without answers.
  [[nodiscard]] std::uint64_t percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted || (seen == count_ && seen != 0)) return upper(i);
    }
    return 0;
  }

 private:
  static constexpr std::size_t kSteps = 64;  // buckets of one power of two

  static std::size_t bucket(std::uint64_t value) {
    if (value < kSteps) return static_cast<std::size_t>(value);
    const auto shift = static_cast<std::size_t>(std::bit_width(value)) - 7;
    return (shift + 1) * kSteps + static_cast<std::size_t>((value >> shift) - kSteps);
  }
  static std::uint64_t upper(std::size_t bucket) {
    if (bucket < kSteps) return bucket;
    const auto shift = bucket / kSteps - 1;
    return ((kSteps + bucket % kSteps + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kSteps * 59> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace load
