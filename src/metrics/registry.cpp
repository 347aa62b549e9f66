// The registry's tables and the text that a scrape gets.
#include "metrics/registry.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
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

enum class Type : std::uint8_t { counter, gauge, histogram };

struct Series {
  std::map<std::size_t, Counter*> counters;                      // by worker
  std::map<std::size_t, std::unique_ptr<Histogram>> histograms;  // by worker
  std::map<std::uint64_t, std::function<double()>> gauges;       // by handle
};

struct FamilyState {
  std::string help;
  Type type{};
  std::vector<double> bounds;
  std::map<Labels, Series> series;
};

Labels sorted(Labels labels) {
  std::ranges::sort(labels);
  return labels;
}

// --- the text exposition, version 0.0.4 --------------------------------------------------------------------

std::string_view to_string(Type type) noexcept {
  static constexpr std::array<std::string_view, 3> kNames{"counter", "gauge", "histogram"};
  return kNames[static_cast<std::size_t>(type)];
}

void append_number(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (std::isnan(value)) {
    out += "NaN";
  } else {
    constexpr int kDigits = 16;  // one more would show 0.1 as what a double makes of it
    std::array<char, 32> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, kDigits);
    out.append(text.data(), end.ptr);
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  out += out.back() == '{' ? "" : ",";
  out.append(name).append("=\"");
  for (const char one : value) {
    if (one == '\n') {
      out += "\\n";
      continue;
    }
    if (one == '\\' || one == '"') out += '\\';
    out += one;
  }
  out += '"';
}

/// `bound` makes it a bucket's.
void append_sample(std::string& out, std::string_view name, std::string_view suffix, const Labels& labels,
                   double value, std::optional<double> bound = std::nullopt) {
  out.append(name).append(suffix);
  if (!labels.empty() || bound) {
    out += '{';
    for (const auto& [label, text] : labels) append_label(out, label, text);
    if (bound) {
      std::string limit;
      append_number(limit, *bound);
      append_label(out, "le", limit);
    }
    out += '}';
  }
  out += ' ';
  append_number(out, value);
  out += '\n';
}

void append_histogram(std::string& out, std::string_view name, const Labels& labels, const Series& series,
                      const std::vector<double>& bounds) {
  std::vector<std::uint64_t> totals(bounds.size() + 1);
  double sum = 0;
  for (const auto& [worker, histogram] : series.histograms) {
    const Histogram::Sample sample = histogram->sample();
    std::ranges::transform(totals, sample.buckets, totals.begin(), std::plus<>());
    sum += sample.sum;
  }
  std::uint64_t cumulative = 0;
  for (std::size_t index = 0; index < totals.size(); ++index) {
    cumulative += totals[index];
    const double bound = index < bounds.size() ? bounds[index] : std::numeric_limits<double>::infinity();
    append_sample(out, name, "_bucket", labels, static_cast<double>(cumulative), bound);
  }
  append_sample(out, name, "_sum", labels, sum);
  append_sample(out, name, "_count", labels, static_cast<double>(cumulative));
}

std::string header(std::string_view name, std::string_view help, Type type) {
  std::string out;
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(to_string(type)).append("\n");
  return out;
}

std::string exposition(std::string_view name, const FamilyState& family) {
  std::string out = header(name, family.help, family.type);
  for (const auto& [labels, series] : family.series) {
    if (family.type == Type::histogram) {
      append_histogram(out, name, labels, series, family.bounds);
      continue;
    }
    std::uint64_t counted = 0;
    for (const auto& [worker, cell] : series.counters) counted += cell->value();
    auto value = static_cast<double>(counted);
    for (const auto& [handle, read] : series.gauges) value += read();
    append_sample(out, name, "", labels, value);
  }
  return out;
}

/// Texts of families by their names, for the order.
using Families = std::map<std::string, std::string, std::less<>>;

void add_process_families(Families& families) {
  const auto add = [&families](const char* name, const char* help, std::optional<double> value,
                               Type type = Type::gauge) {
    if (!value) return;
    std::string text = header(name, help, type);
    append_sample(text, name, "", {}, *value);
    families.emplace(name, std::move(text));
  };
  const ProcessFacts facts = read_process_facts();
  add("process_cpu_seconds_total", "User and system CPU time spent, in seconds.", facts.cpu_seconds,
      Type::counter);
  add("process_max_fds", "Limit of open file descriptors.", facts.max_fds);
  add("process_open_fds", "Open file descriptors.", facts.open_fds);
  add("process_resident_memory_bytes", "Resident memory in bytes.", facts.resident_bytes);
  add("process_start_time_seconds", "Start of the process in seconds since the Unix epoch.",
      facts.start_time_seconds);
  add("process_virtual_memory_bytes", "Virtual memory in bytes.", facts.virtual_bytes);
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
  FamilyState& family(const Family& wanted, Type type, std::span<const double> bounds = {}) {
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
  Series& series = state_->family(family, Type::counter).series[sorted(labels)];
  Counter*& cell = series.counters[worker];
  if (cell == nullptr) cell = &state_->slabs[worker].take();
  return *cell;
}

Histogram& Registry::histogram(const Family& family, std::span<const double> bounds, const Labels& labels,
                               std::size_t worker) {
  const std::lock_guard lock(state_->mutex);
  FamilyState& owner = state_->family(family, Type::histogram, bounds);
  std::unique_ptr<Histogram>& cell = owner.series[sorted(labels)].histograms[worker];
  if (!cell) cell = std::make_unique<Histogram>(owner.bounds);
  return *cell;
}

GaugeHandle Registry::gauge(const Family& family, const Labels& labels, std::function<double()> read) {
  Labels key = sorted(labels);
  const std::lock_guard lock(state_->mutex);
  const std::uint64_t handle = state_->handles++;
  FamilyState& owner = state_->family(family, Type::gauge);
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
  Families families;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [name, family] : state_->families) {
      if (!family.series.empty()) families.emplace(name, exposition(name, family));
    }
  }
  add_process_families(families);
  std::string out;
  for (const auto& [name, text] : families) out += text;
  return out;
}

}  // namespace nld::metrics
