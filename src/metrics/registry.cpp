// The registry's tables and the text that a scrape gets.
#include "metrics/registry.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "metrics/process.hpp"

namespace nld::metrics {
namespace {

/// Counters of one worker, packed by whole cache lines: no other worker writes to a line of them.
class Slab {
 public:
  Counter& take() {
    if (used_ == kPerPage) {
      pages_.push_back(std::make_unique<Page>());
      used_ = 0;
    }
    return pages_.back()->cells[used_++];
  }

 private:
  static constexpr std::size_t kPerPage = 64;
  struct alignas(kCacheLine) Page {
    std::array<Counter, kPerPage> cells;
  };
  std::vector<std::unique_ptr<Page>> pages_;
  std::size_t used_ = kPerPage;
};

struct Series {
  std::map<std::size_t, Counter*> counters;                      // by worker
  std::map<std::size_t, std::unique_ptr<Histogram>> histograms;  // by worker
  std::map<std::uint64_t, std::function<double()>> gauges;       // by handle
};

struct FamilyState {
  std::string help;
  prometheus::MetricType type{};
  std::vector<double> bounds;
  std::map<Labels, Series> series;
};

Labels sorted(Labels labels) {
  std::ranges::sort(labels);
  return labels;
}

void fill_counter(const Series& series, prometheus::ClientMetric& metric) {
  std::uint64_t total = 0;
  for (const auto& [worker, cell] : series.counters) total += cell->value();
  metric.counter.value = static_cast<double>(total);
}

void fill_gauge(const Series& series, prometheus::ClientMetric& metric) {
  for (const auto& [handle, read] : series.gauges) metric.gauge.value += read();
}

void fill_histogram(const FamilyState& family, const Series& series, prometheus::ClientMetric& metric) {
  std::vector<std::uint64_t> totals(family.bounds.size() + 1);
  for (const auto& [worker, histogram] : series.histograms) {
    const Histogram::Sample sample = histogram->sample();
    std::ranges::transform(totals, sample.buckets, totals.begin(), std::plus<>());
    metric.histogram.sample_sum += sample.sum;
  }
  std::uint64_t cumulative = 0;
  for (std::size_t index = 0; index < totals.size(); ++index) {
    cumulative += totals[index];
    const double bound =
        index < family.bounds.size() ? family.bounds[index] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({cumulative, bound});
  }
  metric.histogram.sample_count = cumulative;
}

prometheus::MetricFamily snapshot(const std::string& name, const FamilyState& family) {
  prometheus::MetricFamily out{.name = name, .help = family.help, .type = family.type, .metric = {}};
  out.metric.reserve(family.series.size());
  for (const auto& [labels, series] : family.series) {
    prometheus::ClientMetric& metric = out.metric.emplace_back();
    for (const auto& [label, value] : labels) metric.label.push_back({label, value});
    switch (family.type) {
      case prometheus::MetricType::Counter:
        fill_counter(series, metric);
        break;
      case prometheus::MetricType::Histogram:
        fill_histogram(family, series, metric);
        break;
      default:
        fill_gauge(series, metric);
    }
  }
  return out;
}

void add_process_family(std::vector<prometheus::MetricFamily>& families, const char* name, const char* help,
                        std::optional<double> value, bool is_counter = false) {
  if (!value) return;
  prometheus::ClientMetric metric;
  metric.gauge.value = metric.counter.value = *value;
  families.push_back({.name = name,
                      .help = help,
                      .type = is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge,
                      .metric = {metric}});
}

void add_process_families(std::vector<prometheus::MetricFamily>& families) {
  const ProcessFacts facts = read_process_facts();
  add_process_family(families, "process_cpu_seconds_total", "User and system CPU time spent, in seconds.",
                     facts.cpu_seconds, true);
  add_process_family(families, "process_max_fds", "Limit of open file descriptors.", facts.max_fds);
  add_process_family(families, "process_open_fds", "Open file descriptors.", facts.open_fds);
  add_process_family(families, "process_resident_memory_bytes", "Resident memory in bytes.",
                     facts.resident_bytes);
  add_process_family(families, "process_start_time_seconds",
                     "Start of the process in seconds since the Unix epoch.", facts.start_time_seconds);
  add_process_family(families, "process_virtual_memory_bytes", "Virtual memory in bytes.",
                     facts.virtual_bytes);
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds), lines_(std::make_unique<Line[]>(bounds.size() / kCellsPerLine + 1)) {}

Histogram::Sample Histogram::sample() const {
  Sample out;
  out.buckets.resize(bounds_.size() + 1);
  for (std::size_t index = 0; index < out.buckets.size(); ++index) out.buckets[index] = cell(index).value();
  // Summed, not kept: the count then always agrees with the buckets of the same scrape.
  out.count = std::accumulate(out.buckets.begin(), out.buckets.end(), std::uint64_t{0});
  out.sum = sum_.load(std::memory_order_relaxed);
  return out;
}

struct Registry::State {
  mutable std::mutex mutex;
  std::map<std::string, FamilyState, std::less<>> families;
  std::map<std::size_t, Slab> slabs;  // by worker
  std::uint64_t handles = 0;

  /// Pre-condition of all below: the mutex is held.
  FamilyState& family(const Family& wanted, prometheus::MetricType type,
                      std::span<const double> bounds = {}) {
    auto found = families.find(wanted.name);
    if (found == families.end()) {
      FamilyState fresh{.help = std::string(wanted.help),
                        .type = type,
                        .bounds = {bounds.begin(), bounds.end()},
                        .series = {}};
      found = families.emplace(wanted.name, std::move(fresh)).first;
    }
    if (found->second.type != type || !std::ranges::equal(found->second.bounds, bounds)) {
      throw std::logic_error("metric " + found->first + " registered with another type or bounds");
    }
    return found->second;
  }

  void remove_gauge(const std::string& name, const Labels& labels, std::uint64_t handle) {
    FamilyState& owner = families.at(name);
    const auto series = owner.series.find(labels);
    series->second.gauges.erase(handle);
    if (series->second.gauges.empty()) owner.series.erase(series);
  }
};

Registry::Registry() : state_(std::make_shared<State>()) {}
Registry::~Registry() = default;

Counter& Registry::counter(const Family& family, const Labels& labels, std::size_t worker) {
  const std::lock_guard lock(state_->mutex);
  Series& series = state_->family(family, prometheus::MetricType::Counter).series[sorted(labels)];
  Counter*& cell = series.counters[worker];
  if (cell == nullptr) cell = &state_->slabs[worker].take();
  return *cell;
}

Histogram& Registry::histogram(const Family& family, std::span<const double> bounds, const Labels& labels,
                               std::size_t worker) {
  const std::lock_guard lock(state_->mutex);
  FamilyState& owner = state_->family(family, prometheus::MetricType::Histogram, bounds);
  std::unique_ptr<Histogram>& cell = owner.series[sorted(labels)].histograms[worker];
  if (!cell) cell = std::make_unique<Histogram>(owner.bounds);
  return *cell;
}

GaugeHandle Registry::gauge(const Family& family, const Labels& labels, std::function<double()> read) {
  Labels key = sorted(labels);
  const std::lock_guard lock(state_->mutex);
  const std::uint64_t handle = state_->handles++;
  FamilyState& owner = state_->family(family, prometheus::MetricType::Gauge);
  owner.series[key].gauges.emplace(handle, std::move(read));
  // Weak: a handle may outlive the registry.
  return GaugeHandle(
      [state = std::weak_ptr(state_), name = std::string(family.name), key = std::move(key), handle] {
        if (const auto alive = state.lock()) {
          const std::lock_guard relock(alive->mutex);
          alive->remove_gauge(name, key, handle);
        }
      });
}

std::string Registry::expose() const {
  std::vector<prometheus::MetricFamily> families;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [name, family] : state_->families) {
      if (!family.series.empty()) families.push_back(snapshot(name, family));
    }
  }
  add_process_families(families);
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

}  // namespace nld::metrics
