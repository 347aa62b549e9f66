// The registry: sums over workers, life of series and gauges, the text of a scrape.
#include "metrics/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace nld::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr Registry::Family kHits{"coredns_cache_hits_total", "Cache hits."};
constexpr Registry::Family kEntries{"coredns_cache_entries", "Entries in the cache."};
constexpr Registry::Family kDuration{"test_duration_seconds", "Duration of tests."};
constexpr std::array kBounds{0.25, 0.5, 4.0};

/// The exposition up to the process_* families, which differ from run to run.
std::string own_families(const Registry& registry) {
  const std::string text = registry.expose();
  const std::size_t at = text.find("# HELP process_");
  return text.substr(0, at);
}

TEST(Registry, SumsTheCellsOfAllWorkers) {
  Registry registry;
  registry.counter(kHits, {{"server", "s"}}, 0).add(3);
  registry.counter(kHits, {{"server", "s"}}, 7).add(4);
  EXPECT_THAT(registry.expose(), HasSubstr("coredns_cache_hits_total{server=\"s\"} 7\n"));
}

TEST(Registry, GivesTheSameCellForTheSameSeriesWhateverTheOrderOfLabels) {
  Registry registry;
  Counter& first = registry.counter(kHits, {{"a", "1"}, {"b", "2"}}, 1);
  EXPECT_EQ(&first, &registry.counter(kHits, {{"b", "2"}, {"a", "1"}}, 1));
  EXPECT_NE(&first, &registry.counter(kHits, {{"a", "1"}, {"b", "2"}}, 2));
  EXPECT_NE(&first, &registry.counter(kHits, {{"a", "1"}, {"b", "3"}}, 1));
}

TEST(Registry, KeepsCellsInPlaceWhileOthersAreAdded) {
  Registry registry;
  Counter& first = registry.counter(kHits, {{"n", "first"}}, 0);
  for (int number = 0; number < 1000; ++number) {
    registry.counter(kHits, {{"n", std::to_string(number)}}, 0).add();
  }
  first.add(5);
  EXPECT_EQ(&first, &registry.counter(kHits, {{"n", "first"}}, 0));
  EXPECT_THAT(registry.expose(), HasSubstr("{n=\"first\"} 5\n"));
  EXPECT_THAT(registry.expose(), HasSubstr("{n=\"999\"} 1\n"));
}

TEST(Registry, PutsNoTwoWorkersOnOneCacheLine) {
  Registry registry;
  const auto line = [](const Counter& cell) { return reinterpret_cast<std::uintptr_t>(&cell) / kCacheLine; };
  EXPECT_NE(line(registry.counter(kHits, {}, 0)), line(registry.counter(kHits, {}, 1)));
}

TEST(Registry, ShowsNothingOfAFamilyThatHasNoSeries) {
  const Registry registry;
  EXPECT_EQ(own_families(registry), "");
}

TEST(Registry, ExposesFamiliesAndSeriesInOrder) {
  Registry registry;
  Histogram& histogram = registry.histogram(kDuration, kBounds, {{"zone", "."}}, 0);
  histogram.observe(0.25);
  histogram.observe(1);
  registry.histogram(kDuration, kBounds, {{"zone", "."}}, 1).observe(100);
  registry.counter(kHits, {{"type", "success"}, {"server", "dns://:53"}}, 0).add(12);
  registry.counter(kHits, {{"type", "denial"}, {"server", "dns://:53"}}, 0);
  const GaugeHandle entries = registry.gauge(kEntries, {{"zone", "a\"b\\c\n"}}, [] { return 1.5; });

  const std::string text = registry.expose();
  const std::string expected_start =
      "# HELP coredns_cache_entries Entries in the cache.\n"
      "# TYPE coredns_cache_entries gauge\n"
      "coredns_cache_entries{zone=\"a\\\"b\\\\c\\n\"} 1.5\n"
      "# HELP coredns_cache_hits_total Cache hits.\n"
      "# TYPE coredns_cache_hits_total counter\n"
      "coredns_cache_hits_total{server=\"dns://:53\",type=\"denial\"} 0\n"
      "coredns_cache_hits_total{server=\"dns://:53\",type=\"success\"} 12\n"
      "# HELP process_cpu_seconds_total ";
  EXPECT_THAT(text, StartsWith(expected_start));
  const std::string expected_end =
      "# HELP test_duration_seconds Duration of tests.\n"
      "# TYPE test_duration_seconds histogram\n"
      "test_duration_seconds_bucket{zone=\".\",le=\"0.25\"} 1\n"
      "test_duration_seconds_bucket{zone=\".\",le=\"0.5\"} 1\n"
      "test_duration_seconds_bucket{zone=\".\",le=\"4\"} 2\n"
      "test_duration_seconds_bucket{zone=\".\",le=\"+Inf\"} 3\n"
      "test_duration_seconds_sum{zone=\".\"} 101.25\n"
      "test_duration_seconds_count{zone=\".\"} 3\n";
  EXPECT_THAT(text, testing::EndsWith(expected_end));
}

TEST(Registry, TellsOfItsProcess) {
  const Registry registry;
  const std::string text = registry.expose();
  for (const char* name : {"process_cpu_seconds_total counter", "process_max_fds gauge",
                           "process_open_fds gauge", "process_resident_memory_bytes gauge",
                           "process_start_time_seconds gauge", "process_virtual_memory_bytes gauge"}) {
    EXPECT_THAT(text, HasSubstr(std::string("# TYPE ") + name + "\n"));
  }
}

TEST(Registry, AddsUpGaugesAndEndsThemWithTheirHandles) {
  Registry registry;
  GaugeHandle first = registry.gauge(kEntries, {{"zone", "."}}, [] { return 2.0; });
  {
    const GaugeHandle second = registry.gauge(kEntries, {{"zone", "."}}, [] { return 40.0; });
    EXPECT_THAT(registry.expose(), HasSubstr("coredns_cache_entries{zone=\".\"} 42\n"));
  }
  EXPECT_THAT(registry.expose(), HasSubstr("coredns_cache_entries{zone=\".\"} 2\n"));
  first.reset();
  EXPECT_EQ(own_families(registry), "");
}

TEST(Registry, LetsAGaugeHandleOutliveIt) {
  std::optional<Registry> registry(std::in_place);
  GaugeHandle handle = registry->gauge(kEntries, {}, [] { return 1.0; });
  registry.reset();
  handle.reset();
}

TEST(Registry, RefusesAFamilyOfAnotherTypeOrOtherBounds) {
  Registry registry;
  registry.counter(kHits, {}, 0);
  EXPECT_THROW(static_cast<void>(registry.gauge(kHits, {}, [] { return 0.0; })), std::logic_error);
  registry.histogram(kDuration, kBounds, {}, 0);
  EXPECT_THROW(registry.histogram(kDuration, size_buckets(), {}, 0), std::logic_error);
}

TEST(Registry, LosesNothingWhileItIsScraped) {
  Registry registry;
  constexpr std::uint64_t kEach = 20'000;
  std::array<std::jthread, 2> workers;
  for (std::size_t worker = 0; worker < workers.size(); ++worker) {
    workers[worker] = std::jthread([&registry, worker] {
      Counter& counter = registry.counter(kHits, {}, worker);
      Histogram& histogram = registry.histogram(kDuration, kBounds, {}, worker);
      for (std::uint64_t count = 0; count < kEach; ++count) {
        counter.add();
        histogram.observe(0.5);
      }
    });
  }
  for (int scrape = 0; scrape < 20; ++scrape) static_cast<void>(registry.expose());
  for (std::jthread& worker : workers) worker.join();
  EXPECT_THAT(registry.expose(), HasSubstr("coredns_cache_hits_total 40000\n"));
  EXPECT_THAT(registry.expose(), HasSubstr("test_duration_seconds_sum 20000\n"));
}

}  // namespace
}  // namespace nld::metrics
