// What 10,000 rewrite rules cost: loading them, a cached answer that no rule concerns, one that is rewritten.
#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "dns/builder.hpp"
#include "plugins/cache/cache.hpp"
#include "plugins/directives.hpp"
#include "plugins/rewrite/rewrite.hpp"
#include "runtime/captured_log.hpp"
#include "runtime/manual_clock.hpp"
#include "runtime/system_random.hpp"
#include "server/render.hpp"

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

std::vector<std::uint8_t> packet_of(const std::string& name) {
  std::array<std::uint8_t, 512> space{};
  dns::MessageBuilder builder(space);
  builder.set_flags(dns::flag::RD);
  builder.add_question(dns::Name::from_text(name)->wire(), dns::RRType::A, dns::RRClass::IN);
  builder.add_opt(1232, 0, false, {});
  return {builder.message().begin(), builder.message().end()};
}

/// Rewrite rules (or none) and a cache that holds two names.
class Server {
 public:
  explicit Server(std::shared_ptr<const plugins::rewriting::Rules> rules) {
    std::vector<std::unique_ptr<pipeline::Plugin>> plugins;
    if (rules) plugins.push_back(std::make_unique<plugins::RewritePlugin>(std::move(rules)));
    plugins::CacheConfig config;
    config.zones.emplace_back();
    const plugins::Site site{"dns://:53", "."};
    plugins.push_back(std::make_unique<plugins::CachePlugin>(std::move(config), shared_, services_, site));
    chain_ = pipeline::Chain::build(std::move(plugins));
    for (const char* name : {"www.example.org.", "web.internal.test."}) keep(*dns::Name::from_text(name));
  }

  /// The way of a query without its socket: parse, chain, render.
  std::size_t answer(const std::vector<std::uint8_t>& packet) {
    pipeline::Request request{
        .query = *dns::parse_query(packet), .client = client_, .local = client_, .received = clock_.now()};
    pipeline::Reply reply;
    if (chain_->handle(request, reply).verdict != pipeline::Verdict::answered)
      throw std::runtime_error("a miss");
    return server::render(request, reply, out_).size;
  }

 private:
  void keep(const dns::Name& name) {
    std::array<std::uint8_t, 512> space{};
    dns::MessageBuilder builder(space);
    builder.add_question(name.wire(), dns::RRType::A, dns::RRClass::IN);
    const std::array<std::uint8_t, 4> address{192, 0, 2, 1};
    for (int record = 0; record < 3; ++record) {
      builder.add_record(dns::Section::answer, name.wire(), dns::RRType::A, dns::RRClass::IN, 60, address);
    }
    const cache::Key key(hasher_, name.wire(), dns::RRType::A, dns::RRClass::IN, false, false);
    shared_->table.store(
        key, cache::Answer::make({.ttl = 3600, .stored_at = clock_.now()}, builder.message(), {}));
  }

  boost::asio::io_context loop_{1};
  runtime::ManualClock clock_;
  runtime::SeededRandom random_{1};
  metrics::Registry metrics_;
  runtime::CapturedLog log_;
  cache::KeyHasher hasher_{1};
  cache::Budget budget_{64U << 20U};
  plugins::Services services_{.loop = loop_,
                              .clock = clock_,
                              .random = random_,
                              .metrics = metrics_,
                              .log = log_,
                              .hasher = hasher_,
                              .worker = 0};
  std::shared_ptr<plugins::CacheShared> shared_ =
      std::make_shared<plugins::CacheShared>(cache::Capacity{.success = 1000, .denial = 1000}, budget_);
  std::shared_ptr<const pipeline::Chain> chain_;
  runtime::SocketAddress client_ = *runtime::SocketAddress::from_ip("10.1.2.3", 5353);
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(4096);
};

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
  Server server(count == 0 ? nullptr : load(corefile(kind, count)));
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
