// What answers made here cost: a hosts table, templates that deny and answer, dns64.
#include <benchmark/benchmark.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "cached_server.hpp"
#include "plugins/directives.hpp"
#include "plugins/dns64/dns64.hpp"
#include "plugins/hosts/hosts.hpp"
#include "plugins/template/template.hpp"

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
  WorkerServices worker;
  TemplatePlugin plugin(config->blocks.front().templates, worker.services, {"dns://:53", "."});
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

/// AAAA records that there are (pass without a copy) or that are made of A records.
void ask_dns64(benchmark::State& state) {
  const Site site{"dns://:53", "."};
  CachedServer server([&](const Services& services) {
    CachedServer::Plugins plugins;
    plugins.push_back(std::make_unique<Dns64Plugin>(Dns64Config{.allow_ipv4 = true}, services, site));
    return plugins;
  });
  const auto records = static_cast<int>(state.range(0));
  const bool native = state.range(1) != 0;
  server.keep("www.example.org.", dns::RRType::AAAA, native ? records : 0);
  server.keep("www.example.org.", dns::RRType::A, records);
  const auto packet = packet_of("www.example.org.", dns::RRType::AAAA);
  for (auto _ : state) benchmark::DoNotOptimize(server.answer(packet));
}
BENCHMARK(ask_dns64)->ArgNames({"records", "native"})->ArgsProduct({{1, 8}, {0, 1}});

}  // namespace
}  // namespace nld::plugins

BENCHMARK_MAIN();
