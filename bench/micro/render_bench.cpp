// What it costs to turn a cached answer into a reply: the copy, the client's spelling, TTLs, OPT.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "dns/builder.hpp"
#include "server/render.hpp"

namespace nld {
namespace {

const dns::Name kName = *dns::Name::from_text("my-service.my-namespace.svc.cluster.local.");

std::vector<std::uint8_t> packet(bool edns) {
  std::vector<std::uint8_t> space(512);
  dns::MessageBuilder builder(space);
  builder.set_flags(dns::flag::RD);
  builder.add_question(kName.wire(), dns::RRType::A, dns::RRClass::IN);
  if (edns) builder.add_opt(1232, 0, false, {});
  space.resize(builder.size());
  return space;
}

/// A stored answer with that many addresses.
cache::AnswerPtr answer(std::size_t addresses) {
  std::vector<std::uint8_t> space(4096);
  dns::MessageBuilder builder(space);
  builder.set_flags(dns::flag::QR | dns::flag::RD | dns::flag::RA);
  builder.add_question(kName.wire(), dns::RRType::A, dns::RRClass::IN);
  std::vector<std::uint16_t> ttl_offsets;
  for (std::size_t number = 0; number < addresses; ++number) {
    const std::array<std::uint8_t, 4> address{10, 0, 0, static_cast<std::uint8_t>(number)};
    builder.add_record(dns::Section::answer, kName.wire(), dns::RRType::A, dns::RRClass::IN, 30, address);
    // An A record ends with TTL, length and address: 4 + 2 + 4 octets.
    ttl_offsets.push_back(static_cast<std::uint16_t>(builder.size() - 10));
  }
  return cache::Answer::make({.ttl = 3600}, builder.message(), ttl_offsets);
}

/// Arguments: addresses in the answer, whether the client has EDNS, whether TTLs are replaced.
void render(benchmark::State& state) {
  const auto query = packet(state.range(1) != 0);
  const pipeline::Request request{.query = *dns::parse_query(query),
                                  .client = *runtime::SocketAddress::from_ip("10.1.2.3", 5353),
                                  .local = *runtime::SocketAddress::from_ip("169.254.20.10", 53),
                                  .received = {}};
  pipeline::Reply reply;
  reply.answer_with(answer(static_cast<std::size_t>(state.range(0))), "cache");
  if (state.range(2) != 0) reply.ttl = 17;
  std::vector<std::uint8_t> out(server::kMaxUdpAnswer);
  for (auto _ : state) benchmark::DoNotOptimize(server::render(request, reply, out));
}
BENCHMARK(render)
    ->ArgNames({"addresses", "edns", "patch_ttls"})
    ->ArgsProduct({{1, 8}, {0, 1}, {0, 1}})
    ->ArgsProduct({{64}, {1}, {0, 1}});

}  // namespace
}  // namespace nld

BENCHMARK_MAIN();
