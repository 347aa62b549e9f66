// Counters and histograms under names and labels: written by one worker each without a lock, summed on
// scrape.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nld::metrics {

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
  explicit Histogram(std::span<const double> bounds);
  void observe(double value) noexcept;
  struct Sample {
    std::vector<std::uint64_t> buckets;  ///< not cumulative, the last is +Inf
    double sum = 0;
    std::uint64_t count = 0;
  };
  [[nodiscard]] Sample sample() const;
  [[nodiscard]] std::span<const double> bounds() const noexcept { return bounds_; }

 private:
  std::span<const double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
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
/// first event of a rare kind, never per query.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Static metadata of a family; help and type are part of the exposition.
  struct Family {
    std::string_view name;
    std::string_view help;
  };
  Counter& counter(const Family& family, const Labels& labels, std::size_t worker);
  Histogram& histogram(const Family& family, std::span<const double> bounds, const Labels& labels,
                       std::size_t worker);
  /// Read on scrape, from the scraping thread; gauges with equal name and labels are added up.
  [[nodiscard]] GaugeHandle gauge(const Family& family, const Labels& labels, std::function<double()> read);

  /// The text exposition (version 0.0.4), families and series sorted, process_* metrics included.
  [[nodiscard]] std::string expose() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Bucket bounds of CoreDNS (plugin/metrics, plugin/pkg/proxy): dashboards compute quantiles over them.
std::span<const double> duration_buckets() noexcept;  ///< dns request duration: 0.00025 × 2^n, 16
std::span<const double> size_buckets() noexcept;      ///< message sizes
std::span<const double> forward_buckets() noexcept;   ///< upstream request duration

}  // namespace nld::metrics
