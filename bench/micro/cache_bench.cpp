// What the cache costs: making a key, a hit, a miss, a store that evicts.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cache/table.hpp"

namespace nld::cache {
namespace {

constexpr runtime::TimePoint kNow{std::chrono::hours(1)};
const KeyHasher kHasher{42};

std::vector<std::uint8_t> name_number(std::size_t number) {
  const std::string pod = "service-" + std::to_string(number);
  std::vector<std::uint8_t> wire;
  for (const std::string& label : {pod, std::string("namespace"), std::string("svc"), std::string("cluster"),
                                   std::string("local"), std::string()}) {
    wire.push_back(static_cast<std::uint8_t>(label.size()));
    wire.insert(wire.end(), label.begin(), label.end());
  }
  return wire;
}

Key key_of(const std::vector<std::uint8_t>& name) {
  return {kHasher, name, dns::RRType::A, dns::RRClass::IN, false, false};
}

AnswerPtr entry(const Key& key) {
  static const std::vector<std::uint16_t> offsets{60};
  std::array<std::uint8_t, 120> wire{};
  wire[5] = 1;  // QDCOUNT
  std::ranges::copy(key.view().question, wire.begin() + dns::kHeaderSize);
  return Answer::entry(Answer::make({.extended_error = {}}, wire, offsets), key, 3600, kNow);
}

/// A sequence of name numbers: uniform, or Zipf with exponent 1.
std::vector<std::uint32_t> sequence(std::size_t names, bool zipf, unsigned seed) {
  constexpr std::size_t kLength = 1 << 18;
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<std::uint32_t> numbers(kLength);
  for (auto& number : numbers) {
    const double share = unit(random);
    const auto size = static_cast<double>(names);
    number = static_cast<std::uint32_t>(zipf ? std::pow(size + 1, share) - 1 : share * size);
  }
  return numbers;
}

/// Shared by the threads of one benchmark, built once.
struct Filled {
  explicit Filled(std::size_t count) : table({.success = count, .denial = 100}, budget) {
    for (std::size_t number = 0; number < count; ++number) {
      names.push_back(name_number(number));
      table.store(entry(key_of(names.back())));
    }
  }
  Budget budget{std::size_t{1} << 32U};
  Table table;
  std::vector<std::vector<std::uint8_t>> names;
};
Filled& filled(std::size_t count) {
  static Filled small(1000);
  static Filled large(100'000);
  return count == 1000 ? small : large;
}

void make_key(benchmark::State& state) {
  const auto name = name_number(12345);
  for (auto _ : state) {
    const Key key = key_of(name);
    benchmark::DoNotOptimize(key.hash());
  }
  state.SetLabel(std::to_string(name.size()) + " octets");
}
BENCHMARK(make_key);

/// The hot path: key and lookup. Arguments: names, Zipf or uniform.
void find_fresh_hit(benchmark::State& state) {
  Filled& cache = filled(static_cast<std::size_t>(state.range(0)));
  const auto numbers =
      sequence(cache.names.size(), state.range(1) != 0, static_cast<unsigned>(state.thread_index()));
  std::size_t at = 0;
  std::size_t misses = 0;
  for (auto _ : state) {
    const Key key = key_of(cache.names[numbers[at++ % numbers.size()]]);
    const AnswerPtr found = cache.table.find_fresh(key, kNow);
    misses += found == nullptr ? 1U : 0U;
  }
  if (misses != 0) state.SkipWithError("a miss");
}
BENCHMARK(find_fresh_hit)
    ->ArgNames({"names", "zipf"})
    ->ArgsProduct({{1000, 100'000}, {0, 1}})
    ->Threads(1)
    ->Threads(2)
    ->UseRealTime();

void find_fresh_miss(benchmark::State& state) {
  Filled& cache = filled(100'000);
  std::vector<std::vector<std::uint8_t>> absent;
  for (std::size_t number = 0; number < 4096; ++number) absent.push_back(name_number(number + 1'000'000));
  std::size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(cache.table.find_fresh(key_of(absent[at++ % 4096]), kNow));
}
BENCHMARK(find_fresh_miss)->Threads(1)->Threads(2)->UseRealTime();

/// Every store is of a new name and pushes one out: by capacity (0) or by the budget (1).
void store_with_eviction(benchmark::State& state) {
  static std::unique_ptr<Budget> budget;
  static std::unique_ptr<Table> table;
  if (state.thread_index() == 0) {
    const bool by_budget = state.range(0) != 0;
    budget = std::make_unique<Budget>(by_budget ? 4'000'000U : std::size_t{1} << 32U);
    table =
        std::make_unique<Table>(Capacity{.success = by_budget ? 1'000'000U : 9984U, .denial = 9984}, *budget);
  }
  std::vector<std::vector<std::uint8_t>> names;
  const auto offset = static_cast<std::size_t>(state.thread_index()) * 1'000'000;
  for (std::size_t number = 0; number < 100'000; ++number) names.push_back(name_number(offset + number));
  std::size_t at = 0;
  for (auto _ : state) table->store(entry(key_of(names[at++ % names.size()])));
  if (state.thread_index() == 0) {
    table.reset();
    budget.reset();
  }
}
BENCHMARK(store_with_eviction)->ArgName("by_budget")->Arg(0)->Arg(1)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace nld::cache

BENCHMARK_MAIN();
