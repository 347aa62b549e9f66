// What 10,000 rewrite rules cost: loading them, a cached answer that no rule concerns, one that is rewritten.
#include <benchmark/benchmark.h>

#include <array>
#include <functional>
#include <string>

#include "cached_server.hpp"
#include "plugins/directives.hpp"
#include "plugins/rewrite/rewrite.hpp"

namespace nld {
namespace {

/// `count` rules of a kind; the last fits match-me.example.org.
std::string corefile(const std::string& kind, std::size_t count) {
  std::string text = ". {\n";
  for (std::size_t number = 1; number <= count; ++number) {
    const std::string id = number == count ? "match-me" : "svc-" + std::to_string(number);
    if (kind == "exact") text += "rewrite name exact " + id + ".example.org web.internal.test\n";
    if (kind == "suffix")
      text += "rewrite name suffix " + id + ".example.org web.internal.test answer auto\n";
    if (kind == "substring") text += "rewrite name substring " + id + ".example.org web.internal.test\n";
    if (kind == "regex") {
      text += "rewrite name regex ^(.*)" + id + "\\.(example)\\.org\\.$ web.internal.test answer auto\n";
    }
  }
  return text + "cache 30\nforward . 192.0.2.1\n}\n";
}

std::shared_ptr<const plugins::rewriting::Rules> load(const std::string& text) {
  const corefile::Surroundings surroundings = corefile::real_surroundings();
  const auto syntax = corefile::parse(text, "bench", surroundings);
  auto config = plugins::configure(*syntax, surroundings);
  if (!config) throw std::runtime_error(config.error().to_string());
  return std::make_shared<plugins::rewriting::Rules>(std::move(config->blocks.front().rewrite));
}

/// What stands in front of the cache: these rules.
auto rewriting_by(const std::shared_ptr<const plugins::rewriting::Rules>& rules) {
  return [rules](const plugins::Services&) {
    CachedServer::Plugins plugins;
    plugins.push_back(std::make_unique<plugins::RewritePlugin>(rules));
    return plugins;
  };
}

constexpr std::array<const char*, 4> kKinds{"exact", "suffix", "substring", "regex"};

void loading(benchmark::State& state) {
  const char* const kind = kKinds.at(static_cast<std::size_t>(state.range(0)));
  const std::string text = corefile(kind, 10000);
  for (auto _ : state) benchmark::DoNotOptimize(load(text));
  state.SetLabel(std::string("10000 ") + kind);
}

/// range(0): how many rules; range(1): their kind; range(2): whether the last of them fits.
void cached_answer(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const char* const kind = kKinds.at(static_cast<std::size_t>(state.range(1)));
  std::function<CachedServer::Plugins(const plugins::Services&)> in_front;
  if (count != 0) in_front = rewriting_by(load(corefile(kind, count)));
  CachedServer server(in_front);
  for (const char* name : {"www.example.org.", "web.internal.test."}) server.keep(name, dns::RRType::A, 3);
  const auto packet = packet_of(state.range(2) == 0 ? "www.example.org." : "match-me.example.org.");
  for (auto _ : state) benchmark::DoNotOptimize(server.answer(packet));
  state.SetLabel(count == 0 ? "no rules"
                            : std::string(kind) + (state.range(2) == 0 ? ", none fits" : ", rewritten"));
}

BENCHMARK(loading)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);
BENCHMARK(cached_answer)->Args({0, 0, 0})->ArgsProduct({{10, 10000}, {0, 1, 2, 3}, {0, 1}});

}  // namespace
}  // namespace nld

BENCHMARK_MAIN();
