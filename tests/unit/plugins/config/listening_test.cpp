// bind, prometheus, health, ready: addresses and their options, accepted and refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/bind/interfaces.hpp"
#include "plugins/listen_address.hpp"
#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const World kWorld{
    .files = {},
    .interfaces = {{"nodelocaldns", {"169.254.20.10", "10.96.0.10"}}, {"dual", {"10.1.0.1", "fd00::1"}}}};

TEST(BindDirective, AbsentMeansTheWildcard) {
  EXPECT_THAT(accepted("errors").bind, IsEmpty());
}

TEST(BindDirective, AddressesAddUpOverLines) {
  EXPECT_THAT(texts(accepted("bind 169.254.20.10 10.96.0.10\nbind fd00::1\nbind 10.96.0.10").bind),
              ElementsAre("169.254.20.10:0", "10.96.0.10:0", "[fd00::1]:0"));
}

TEST(BindDirective, InterfacesAreLookedUp) {
  EXPECT_THAT(texts(accepted("bind nodelocaldns 127.0.0.1", kWorld).bind),
              ElementsAre("169.254.20.10:0", "10.96.0.10:0", "127.0.0.1:0"));
}

TEST(BindDirective, ExceptTakesAway) {
  EXPECT_THAT(texts(accepted("bind dual nodelocaldns {\nexcept 10.1.0.1 nodelocaldns\n}", kWorld).bind),
              ElementsAre("[fd00::1]:0"));
}

TEST(BindDirective, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"bind", "Corefile:2: bind: ADDRESS is missing"},
      {"bind eth9", "ADDRESS 'eth9' is wrong, expected an IP address or an interface of this host"},
      {"bind 10.0.0.1:53", "ADDRESS '10.0.0.1:53' is wrong"},
      {"bind 10.0.0.256", "ADDRESS '10.0.0.256' is wrong"},
      {"bind dual {\nexcept\n}", "Corefile:3: bind: except: ADDRESS is missing"},
      {"bind dual {\nexcept eth9\n}", "bind: except: ADDRESS 'eth9' is wrong"},
      {"bind dual {\nexcept dual\n}", "Corefile:2: bind: 'except' leaves no address to listen on"},
      {"bind dual {\nonly 10.1.0.1\n}", "bind: unknown option 'only', expected one of except"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines, kWorld), HasSubstr(error)) << lines;
}

TEST(BindDirective, WithoutInterfacesInTheSurroundingsNamesAreUnknown) {
  corefile::Surroundings surroundings = kWorld.surroundings();
  surroundings.interface_addresses = nullptr;
  const auto syntax = corefile::parse(". {\nbind dual\n}\n", "Corefile", surroundings);
  ASSERT_TRUE(syntax) << syntax.error().to_string();
  const auto config = configure(*syntax, surroundings);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().to_string(), HasSubstr("Corefile:2: bind: ADDRESS 'dual' is wrong"));
}

TEST(Interfaces, UnknownHasNoAddress) {
  EXPECT_THAT(interface_addresses("no-such-if0"), IsEmpty());
}

TEST(Interfaces, LoopbackHasItsAddressWithPortZero) {
  const auto addresses = texts(interface_addresses("lo"));
  if (addresses.empty()) GTEST_SKIP() << "the loopback interface is down here";
  EXPECT_THAT(addresses, ::testing::Contains("127.0.0.1:0"));
}

std::string prometheus(std::string_view line) {
  const auto address = accepted(line).prometheus;
  return address ? address->to_string() : "";
}

TEST(PrometheusDirective, Addresses) {
  EXPECT_EQ(prometheus("prometheus"), "127.0.0.1:9153");
  EXPECT_EQ(prometheus("prometheus :9253"), "[::]:9253");
  EXPECT_EQ(prometheus("prometheus localhost:9253"), "127.0.0.1:9253");
  EXPECT_EQ(prometheus("prometheus 0.0.0.0:9153"), "0.0.0.0:9153");
  EXPECT_EQ(prometheus("prometheus [fd00::1]:9153"), "[fd00::1]:9153");
  EXPECT_EQ(prometheus("prometheus 127.0.0.1:0"), "127.0.0.1:0");
  EXPECT_FALSE(accepted("errors").prometheus);
}

TEST(PrometheusDirective, RuntimeMetricsOnlyWarns) {
  EXPECT_THAT(warnings_of("prometheus {\nruntime_metrics\n}"),
              ElementsAre(HasSubstr("Corefile:3: prometheus: runtime_metrics: has no effect")));
}

TEST(PrometheusDirective, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"prometheus 9153",
       "Corefile:2: prometheus: ADDRESS '9153' is wrong, expected HOST:PORT, such as :8080"},
      {"prometheus 10.0.0.1", "ADDRESS '10.0.0.1' is wrong, expected HOST:PORT"},
      {"prometheus fd00::1", "ADDRESS 'fd00::1' is wrong, expected HOST:PORT"},
      {"prometheus [fd00::1]", "ADDRESS '[fd00::1]' is wrong, expected HOST:PORT"},
      {"prometheus [fd00::1:9153", "ADDRESS '[fd00::1:9153' is wrong, expected HOST:PORT"},
      {"prometheus :65536", "ADDRESS ':65536' is wrong, expected a port from 0 to 65535"},
      {"prometheus :metrics", "ADDRESS ':metrics' is wrong, expected a port from 0 to 65535"},
      {"prometheus :", "ADDRESS ':' is wrong, expected a port"},
      {"prometheus node.test:9153",
       "ADDRESS 'node.test:9153' is wrong, expected an IP address, localhost or nothing"},
      {"prometheus :9153 :9154", "prometheus: unexpected argument ':9154'"},
      {"prometheus :9153\nprometheus :9154", "Corefile:3: prometheus: already given on line 2"},
      {"prometheus {\ntls /web.yml\n}", "Corefile:3: prometheus: tls: metrics over HTTPS come later"},
      {"prometheus {\nruntime_metrics all\n}", "prometheus: runtime_metrics: unexpected argument 'all'"},
      {"prometheus {\npath /m\n}", "prometheus: unknown option 'path', expected one of runtime_metrics, tls"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
}

TEST(HealthDirective, DefaultsAndOptions) {
  const auto bare = accepted("health").health;
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->address.to_string(), "[::]:8080");
  EXPECT_EQ(bare->lameduck, 0s);
  const auto given = accepted("health [fd00:a:b::10]:9254 {\nlameduck 5s\n}").health;
  ASSERT_TRUE(given);
  EXPECT_EQ(given->address.to_string(), "[fd00:a:b::10]:9254");
  EXPECT_EQ(given->lameduck, 5s);
  EXPECT_FALSE(accepted("errors").health);
}

TEST(HealthDirective, TheLastOfSeveralInABlockCounts) {
  EXPECT_THAT(warnings_of("health :8080\nhealth :8081"),
              ElementsAre(HasSubstr("Corefile:3: health: replaces the health address given before")));
  EXPECT_EQ(accepted("health :8080\nhealth :8081").health->address.port(), 8081);
  EXPECT_THAT(warnings_of("health :8080\nhealth :8080"), IsEmpty());
}

TEST(HealthDirective, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"health 8080", "Corefile:2: health: ADDRESS '8080' is wrong, expected HOST:PORT"},
      {"health :70000", "health: ADDRESS ':70000' is wrong, expected a port"},
      {"health :8080 :8081", "health: unexpected argument ':8081'"},
      {"health {\nlameduck\n}", "health: lameduck: DURATION is missing"},
      {"health {\nlameduck 5\n}", "health: lameduck: DURATION: invalid duration '5'"},
      {"health {\nlameduck -5s\n}", "health: lameduck: DURATION '-5s' is wrong"},
      {"health {\nlameduck 5s 6s\n}", "health: lameduck: unexpected argument '6s'"},
      {"health {\nlame 5s\n}", "health: unknown option 'lame', expected one of lameduck"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
}

TEST(ReadyDirective, DefaultsAndOptions) {
  const BlockConfig bare = accepted("ready");
  ASSERT_TRUE(bare.ready);
  EXPECT_EQ(bare.ready->to_string(), "[::]:8181");
  EXPECT_FALSE(bare.ready_continuously);
  EXPECT_EQ(accepted("ready localhost:8091").ready->to_string(), "127.0.0.1:8091");
  EXPECT_TRUE(accepted("ready {\nmonitor continuously\n}").ready_continuously);
  EXPECT_FALSE(accepted("ready {\nmonitor until-ready\n}").ready_continuously);
  EXPECT_FALSE(accepted("errors").ready);
}

TEST(ReadyDirective, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"ready localhost", "Corefile:2: ready: ADDRESS 'localhost' is wrong, expected HOST:PORT"},
      {"ready :8181 :8182", "ready: unexpected argument ':8182'"},
      {"ready\nready", "Corefile:3: ready: already given on line 2"},
      {"ready {\nmonitor\n}", "ready: monitor: MODE is missing"},
      {"ready {\nmonitor always\n}", "ready: monitor: MODE 'always' is wrong, expected one of until-ready"},
      {"ready {\nmonitors x\n}", "ready: unknown option 'monitors', did you mean 'monitor'"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
}

TEST(SplitHostPort, Forms) {
  const auto v4 = split_host_port("10.0.0.1:53");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host, "10.0.0.1");
  EXPECT_EQ(v4->port, "53");
  const auto v6 = split_host_port("fe80::1%eth0");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "fe80::1%eth0");
  EXPECT_FALSE(v6->port);
  EXPECT_FALSE(split_host_port("[fd00::1]53"));
  EXPECT_FALSE(split_host_port("[fd00::1"));
  EXPECT_EQ(split_host_port("")->host, "");
}

}  // namespace
}  // namespace nld::plugins::testing
