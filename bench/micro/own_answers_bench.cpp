// What answers made here cost: loading and asking a hosts table, a template that denies and one that answers.
#include <benchmark/benchmark.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>

#include "dns/builder.hpp"
#include "plugins/directives.hpp"
#include "plugins/hosts/hosts.hpp"
#include "plugins/template/template.hpp"
#include "runtime/captured_log.hpp"
#include "runtime/manual_clock.hpp"
#include "runtime/system_random.hpp"

namespace nld::plugins {
namespace {

std::string blocklist() {
  std::string text;
  for (int number = 0; number < 100'000; ++number) {
    text +=
        "0.0.0.0 ads" + std::to_string(number) + ".tracker" + std::to_string(number % 977) + ".example.org\n";
  }
  return text;
}

const std::vector<dns::Name> kEverything{dns::Name{}};

void load_hosts(benchmark::State& state) {
  const std::string text = blocklist();
  for (auto _ : state) {
    HostsTable table;
    table.add(text, kEverything, true);
    benchmark::DoNotOptimize(table.entries());
  }
}
BENCHMARK(load_hosts)->Unit(benchmark::kMillisecond);

/// A query for `name` and what plugins need to be built.
struct Question {
  explicit Question(std::string_view name, dns::RRType type = dns::RRType::A) {
    dns::MessageBuilder builder(packet);
    builder.set_flags(dns::flag::RD);
    builder.add_question(dns::Name::from_text(name)->wire(), type, dns::RRClass::IN);
    request.query = *dns::parse_query(builder.message());
    request.client = *runtime::SocketAddress::from_ip("10.1.0.7", 4000);
  }
  std::array<std::uint8_t, 512> packet{};
  pipeline::Request request;
};

void ask(benchmark::State& state, pipeline::Plugin& plugin, std::string_view name) {
  Question question(name);
  for (auto _ : state) {
    pipeline::Reply reply;
    benchmark::DoNotOptimize(plugin.handle(question.request, reply));
  }
}

void ask_hosts(benchmark::State& state, std::string_view name) {
  const auto path = std::filesystem::temp_directory_path() / "nld-bench-hosts";
  std::ofstream(path) << blocklist();
  const auto file = std::make_shared<const HostsFile>(
      HostsConfig{.path = path, .lines = {}, .zones = kEverything, .fallthrough = kEverything});
  std::filesystem::remove(path);
  HostsPlugin plugin(file);
  ask(state, plugin, name);
}
BENCHMARK_CAPTURE(ask_hosts, hit, "ads31415.tracker151.example.org");
BENCHMARK_CAPTURE(ask_hosts, passes_by, "www.example.org");

void ask_template(benchmark::State& state, std::string_view lines, std::string_view name) {
  const corefile::Surroundings surroundings = corefile::real_surroundings();
  const std::string text = ". {\n" + std::string(lines) + "\n}\n";
  const auto syntax = corefile::parse(text, "bench", surroundings);
  const auto config = configure(*syntax, surroundings);
  boost::asio::io_context loop;
  runtime::ManualClock clock;
  runtime::SeededRandom random(1);
  metrics::Registry registry;
  runtime::CapturedLog log;
  const cache::KeyHasher hasher(1);
  const Services services{.loop = loop,
                          .clock = clock,
                          .random = random,
                          .metrics = registry,
                          .log = log,
                          .hasher = hasher,
                          .worker = 0};
  TemplatePlugin plugin(config->blocks.front().templates, services, {"dns://:53", "."});
  ask(state, plugin, name);
}
constexpr std::string_view kNoise =
    "template ANY ANY {\nmatch \"\\.svc\\.cluster\\.local\\.(.+\\.)?corp\\.test\\.$\"\nrcode "
    "NXDOMAIN\nfallthrough\n}";
constexpr std::string_view kAddress =
    "template IN A {\nmatch \"^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)[.]example[.]org[.]$\"\n"
    "answer \"{{ .Name }} 60 IN A 10.0.{{ .Group.a }}.{{ .Group.b }}\"\nfallthrough\n}";
BENCHMARK_CAPTURE(ask_template, denies, kNoise, "kubernetes.default.svc.cluster.local.corp.test");
BENCHMARK_CAPTURE(ask_template, passes_by, kNoise, "kubernetes.default.svc.cluster.local");
BENCHMARK_CAPTURE(ask_template, makes_an_address, kAddress, "ip-31-41.example.org");

}  // namespace
}  // namespace nld::plugins

BENCHMARK_MAIN();
