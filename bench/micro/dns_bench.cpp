// What the wire library costs per message: parsing a query, hashing and comparing names, judging a response.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "dns/builder.hpp"
#include "dns/message.hpp"
#include "dns/response.hpp"

namespace {

using namespace nld::dns;

Name pod_name() {
  return *Name::from_text("my-service.my-namespace.svc.cluster.local.");
}

std::vector<std::uint8_t> query(bool edns) {
  std::vector<std::uint8_t> buffer(512);
  MessageBuilder builder(buffer);
  builder.set_flags(flag::RD);
  builder.add_question(pod_name().wire(), RRType::A, RRClass::IN);
  if (edns) builder.add_opt(1232, 0, false, {});
  buffer.resize(builder.size());
  return buffer;
}

/// A response as a cluster DNS sends it: one alias, `addresses` addresses, OPT.
std::vector<std::uint8_t> response(int addresses) {
  std::vector<std::uint8_t> buffer(4096);
  MessageBuilder builder(buffer);
  builder.set_flags(flag::QR | flag::AA | flag::RD | flag::RA);
  const Name target = *Name::from_text("backend.other-namespace.svc.cluster.local.");
  builder.add_question(pod_name().wire(), RRType::A, RRClass::IN);
  builder.add_name_record(Section::answer, pod_name().wire(), RRType::CNAME, RRClass::IN, 30, target.wire());
  for (int index = 0; index < addresses; ++index) {
    const std::array<std::uint8_t, 4> address{10, 0, 0, static_cast<std::uint8_t>(index)};
    builder.add_record(Section::answer, target.wire(), RRType::A, RRClass::IN, 30, address);
  }
  builder.add_opt(1232, 0, false, {});
  buffer.resize(builder.size());
  return buffer;
}

void parse_query_plain(benchmark::State& state) {
  const auto packet = query(false);
  for (auto _ : state) benchmark::DoNotOptimize(parse_query(packet));
}
BENCHMARK(parse_query_plain);

void parse_query_edns(benchmark::State& state) {
  const auto packet = query(true);
  for (auto _ : state) benchmark::DoNotOptimize(parse_query(packet));
}
BENCHMARK(parse_query_edns);

void name_hash(benchmark::State& state) {
  const Name name = pod_name();
  for (auto _ : state) benchmark::DoNotOptimize(hash_value(name));
}
BENCHMARK(name_hash);

void name_equal(benchmark::State& state) {
  const Name left = pod_name();
  const Name right = *Name::from_text("MY-service.MY-namespace.SVC.cluster.LOCAL.");
  for (auto _ : state) benchmark::DoNotOptimize(left == right);
}
BENCHMARK(name_equal);

void name_lower(benchmark::State& state) {
  const Name name = pod_name();
  std::array<std::uint8_t, kMaxNameSize> out;
  for (auto _ : state) {
    lower_into(name.wire(), out);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(name_lower);

void examine(benchmark::State& state) {
  const auto message = response(static_cast<int>(state.range(0)));
  const Name name = pod_name();
  for (auto _ : state) {
    benchmark::DoNotOptimize(examine_response(message, name.wire(), RRType::A, RRClass::IN));
  }
}
BENCHMARK(examine)->Arg(1)->Arg(8)->Arg(64);

void store(benchmark::State& state) {
  const auto message = response(static_cast<int>(state.range(0)));
  const Name name = pod_name();
  for (auto _ : state) {
    benchmark::DoNotOptimize(make_storable(message, name.wire(), RRType::A, RRClass::IN));
  }
}
BENCHMARK(store)->Arg(1)->Arg(8)->Arg(64);

void build_response(benchmark::State& state) {
  const Name name = pod_name();
  const std::array<std::uint8_t, 4> address{10, 0, 0, 1};
  std::array<std::uint8_t, 512> buffer;
  for (auto _ : state) {
    MessageBuilder builder(buffer);
    builder.add_question(name.wire(), RRType::A, RRClass::IN);
    builder.add_record(Section::answer, name.wire(), RRType::A, RRClass::IN, 30, address);
    builder.add_opt(1232, 0, false, {});
    benchmark::DoNotOptimize(builder.size());
  }
}
BENCHMARK(build_response);

}  // namespace

BENCHMARK_MAIN();
