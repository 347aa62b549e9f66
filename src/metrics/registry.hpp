// Counters and histograms under names and labels: written by one worker each without a lock, summed on
// scrape.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nld::metrics {

constexpr std::size_t kCacheLine = 64;

using Labels = std::vector<std::pair<std::string, std::string>>;

/// A cell that one thread adds to and any thread reads. Not a read-modify-write: that one writer makes it
/// exact.
class Counter {
 public:
  void add(std::uint64_t amount = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Fixed upper bounds (ascending, +Inf implied); one writer, as Counter.
class Histogram {
 public:
  /// `bounds` outlive the histogram (they are constants, or the family's).
  explicit Histogram(std::span<const double> bounds);
  void observe(double value) noexcept {
    // Halving without a branch on the data: latencies are unpredictable, and this runs per query. A bound
    // belongs to its bucket (`le`).
    const double* first = bounds_.data();
    std::size_t left = bounds_.size();
    while (left > 0) {
      const std::size_t half = left / 2;
      const bool above = first[half] < value;
      first += above ? half + 1 : 0;
      left = above ? left - half - 1 : half;
    }
    cell(static_cast<std::size_t>(first - bounds_.data())).add();
    sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  }
  struct Sample {
    std::vector<std::uint64_t> buckets;  ///< not cumulative, the last is +Inf
    double sum = 0;
    std::uint64_t count = 0;
  };
  [[nodiscard]] Sample sample() const;
  [[nodiscard]] std::span<const double> bounds() const noexcept { return bounds_; }

 private:
  // Whole cache lines, so that the histograms of two workers never share one.
  struct alignas(kCacheLine) Line {
    std::array<Counter, kCacheLine / sizeof(Counter)> cells;
  };
  static constexpr std::size_t kCellsPerLine = kCacheLine / sizeof(Counter);
  [[nodiscard]] Counter& cell(std::size_t index) const noexcept {
    return lines_[index / kCellsPerLine].cells[index % kCellsPerLine];
  }

  std::span<const double> bounds_;
  std::unique_ptr<Line[]> lines_;
  alignas(kCacheLine) std::atomic<double> sum_{0};
};

/// Ends a gauge when destroyed.
class GaugeHandle {
 public:
  GaugeHandle() = default;
  explicit GaugeHandle(std::function<void()> remove) : remove_(std::move(remove)) {}
  GaugeHandle(GaugeHandle&& other) noexcept : remove_(std::exchange(other.remove_, nullptr)) {}
  GaugeHandle& operator=(GaugeHandle&& other) noexcept {
    if (this != &other) {
      reset();
      remove_ = std::exchange(other.remove_, nullptr);
    }
    return *this;
  }
  ~GaugeHandle() { reset(); }
  void reset() {
    if (remove_) std::exchange(remove_, nullptr)();
  }

 private:
  std::function<void()> remove_;
};

/// Thread-safe. Series live as long as the registry: a counter keeps its value across reloads, and the same
/// (name, labels, worker) always gives the same cell. `worker` keeps the threads' cells apart; the
/// exposition sums them. Registering takes a lock and allocates: do it when a pipeline is built, or at the
/// first event of a rare kind, never per query. Labels may come in any order and must come from bounded sets
/// (configuration, rcodes, plugin names), never from queries.
///
/// Throws std::logic_error when a family is registered again as another type or with other bounds.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Static metadata of a family; help and type are part of the exposition. The first help given stays.
  struct Family {
    std::string_view name;
    std::string_view help;
  };
  Counter& counter(const Family& family, const Labels& labels, std::size_t worker);
  Histogram& histogram(const Family& family, std::span<const double> bounds, const Labels& labels,
                       std::size_t worker);
  /// Read on scrape, from the scraping thread; gauges with equal name and labels are added up. `read` runs
  /// under the registry's lock: it must not call the registry, and never runs again once the handle is gone.
  [[nodiscard]] GaugeHandle gauge(const Family& family, const Labels& labels, std::function<double()> read);

  /// The text exposition (version 0.0.4), families and series sorted, process_* metrics included.
  [[nodiscard]] std::string expose() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Bucket bounds of CoreDNS (plugin/metrics, plugin/pkg/proxy): dashboards compute quantiles over them.
std::span<const double> duration_buckets() noexcept;  ///< seconds, dns request duration: 0.00025 × 2^n, 16
std::span<const double> size_buckets() noexcept;      ///< octets, message sizes
std::span<const double> forward_buckets() noexcept;   ///< seconds, upstream request duration: the same 16
std::span<const double> slim_duration_buckets() noexcept;  ///< seconds, 0.00025 × 10^n, 5 (health, template)

}  // namespace nld::metrics
