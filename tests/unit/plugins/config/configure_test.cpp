// Keys, directives by kind, and the rules across server blocks; reload, loop and whoami.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/suggestion.hpp"
#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string error_of(std::string_view text) {
  const auto config = load(text);
  return config ? "" : config.error();
}

TEST(ReloadDirective, IntervalAndJitter) {
  EXPECT_EQ(accepted("reload").reload, (ReloadConfig{30s, 15s}));
  EXPECT_EQ(accepted("reload 2s").reload, (ReloadConfig{2s, 1s}));
  EXPECT_EQ(accepted("reload 10s 3s").reload, (ReloadConfig{10s, 3s}));
  EXPECT_EQ(accepted("reload 10s 8s").reload, (ReloadConfig{10s, 5s}));
  EXPECT_EQ(accepted("reload 10s 0s").reload, (ReloadConfig{10s, 0s}));
  EXPECT_FALSE(accepted("reload off").reload);
  EXPECT_FALSE(accepted("errors").reload);
}

TEST(ReloadDirective, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"reload 1s", "Corefile:2: reload: INTERVAL '1s' is wrong, expected a duration of 2s or more"},
      {"reload soon", "reload: INTERVAL: invalid duration 'soon'"},
      {"reload 3s 0.5s", "reload: JITTER '0.5s' is wrong, expected 0s or a duration of 1s or more"},
      {"reload 3s -1s", "reload: JITTER '-1s' is wrong"},
      {"reload 10s 5s 1s", "reload: unexpected argument '1s'"},
      {"reload off 5s", "reload: unexpected argument '5s'"},
      {"reload {\n}", "reload: takes no block"},
      {"reload\nreload", "Corefile:3: reload: already given on line 2"},
  };
  for (const auto& [lines, error] : kCases) EXPECT_THAT(refused(lines), HasSubstr(error)) << lines;
}

TEST(LoopAndWhoami, TakeNothing) {
  EXPECT_TRUE(accepted("loop").loop);
  EXPECT_FALSE(accepted("errors").loop);
  EXPECT_TRUE(accepted("whoami").whoami);
  EXPECT_FALSE(accepted("errors").whoami);
  EXPECT_THAT(refused("loop now"), HasSubstr("Corefile:2: loop: unexpected argument 'now'"));
  EXPECT_THAT(refused("loop {\n}"), HasSubstr("loop: takes no block"));
  EXPECT_THAT(refused("loop\nloop"), HasSubstr("loop: already given on line 2"));
  EXPECT_THAT(refused("whoami me"), HasSubstr("whoami: unexpected argument 'me'"));
  EXPECT_THAT(refused("whoami {\n}"), HasSubstr("whoami: takes no block"));
}

TEST(Keys, ZonesPortsAndLabels) {
  const auto config = load("Cluster.LOCAL example.io.:1053 10.0.0.0/8 dns://.:5300 {\nwhoami\n}\n");
  ASSERT_TRUE(config) << config.error();
  const auto& zones = config->blocks.at(0).zones;
  ASSERT_EQ(zones.size(), 4U);
  EXPECT_EQ(zones[0].label, "cluster.local.");
  EXPECT_EQ(zones[0].zone.to_text(), "cluster.local.");
  EXPECT_EQ(zones[0].port, 53);
  EXPECT_EQ(zones[1].label, "example.io.");
  EXPECT_EQ(zones[1].port, 1053);
  EXPECT_EQ(zones[2].label, "10.in-addr.arpa.");
  EXPECT_EQ(zones[3].label, ".");
  EXPECT_EQ(zones[3].port, 5300);
  EXPECT_EQ(config->blocks[0].where.line, 1U);
}

TEST(Keys, DefaultPortIsTheCallers) {
  const World world;
  const auto surroundings = world.surroundings();
  const auto syntax = corefile::parse("a.test b.test:53 {\nwhoami\n}\n", "Corefile", surroundings);
  ASSERT_TRUE(syntax) << syntax.error().to_string();
  const auto config = configure(*syntax, surroundings, 1053);
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_EQ(config->blocks[0].zones[0].port, 1053);
  EXPECT_EQ(config->blocks[0].zones[1].port, 53);
}

TEST(Keys, Refused) {
  EXPECT_THAT(
      error_of("https://mycompany.local:4453 {\nwhoami\n}\n"),
      HasSubstr("Corefile:1: server block: https:// is not served in 'https://mycompany.local:4453'"));
  EXPECT_THAT(
      error_of("\ntls://. {\nwhoami\n}\n"),
      HasSubstr("Corefile:2: server block: tls:// needs a certificate, expected a line 'tls CERT KEY'"));
  EXPECT_THAT(error_of("a..b {\nwhoami\n}\n"), HasSubstr("Corefile:1: server block: "));
  EXPECT_THAT(error_of(".:70000 {\nwhoami\n}\n"), HasSubstr("Corefile:1: server block: "));
}

TEST(Keys, ABraceInAZoneIsSaid) {
  // Made by hand: the parser may already refuse it.
  const corefile::Location where{"Corefile", 3};
  const corefile::ServerBlock block{.keys = {{"internal.test:1053{", where}}, .directives = {}};
  corefile::Syntax syntax;
  syntax.blocks.push_back(block);
  const auto config = configure(syntax, World{}.surroundings());
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().to_string(),
            "Corefile:3: server block: a brace is part of the zone 'internal.test:1053{', expected a blank "
            "before '{'");
  EXPECT_NE(error_of("a.test internal.test:1053{\nwhoami\n}\n"), "");
}

TEST(Directives, Unknown) {
  EXPECT_THAT(
      refused("forwrad . 10.0.0.1"),
      AllOf(HasSubstr("Corefile:2: unknown directive 'forwrad', did you mean 'forward', expected one of "),
            HasSubstr(", errors, log, local, "), HasSubstr(", loop, forward, whoami")));
  EXPECT_THAT(refused("frobnicate"), HasSubstr("unknown directive 'frobnicate', expected one of "));
  EXPECT_THAT(refused("Cache"), HasSubstr("unknown directive 'Cache', did you mean 'cache'"));
}

TEST(Directives, RefusedOnesSayWhatToUse) {
  EXPECT_THAT(refused("kubernetes cluster.local"),
              HasSubstr("Corefile:2: kubernetes: not a part of this node cache; the cluster DNS watches"));
  EXPECT_THAT(
      refused("nodecache skipteardown"),
      HasSubstr("nodecache: not a directive of CoreDNS; what the nodecache plugin did, the agent does"));
  EXPECT_THAT(
      refused("dynamicforward {\nnamespace kube-system\n}"),
      HasSubstr("dynamicforward: not a directive of CoreDNS; use forward . <ClusterIP of d8-kube-dns>"));
}

TEST(Directives, EveryRefusedOneIsRefusedWithItsNote) {
  int checked = 0;
  for (const DirectiveInfo& info : directives()) {
    if (info.support != Support::refused && info.support != Support::foreign) continue;
    ++checked;
    EXPECT_GT(info.note.size(), 10U) << info.name;
    const std::string name(info.name);
    for (const std::string& error : {refused(name), refused(name + " some words {\nmore 1\n}")}) {
      EXPECT_THAT(error, HasSubstr("Corefile:2: " + name + ": ")) << name;
      EXPECT_THAT(error, HasSubstr(std::string(info.note))) << name;
    }
  }
  EXPECT_GT(checked, 25);
}

TEST(Directives, EachNameOnce) {
  for (const DirectiveInfo& info : directives()) EXPECT_EQ(find_directive(info.name), &info) << info.name;
  EXPECT_EQ(find_directive("frobnicate"), nullptr);
}

TEST(Directives, PluginsInUseStandInChainOrder) {
  EXPECT_THAT(
      accepted("whoami\nloop\ncache\nlog\nerrors\nprometheus\nbind 10.0.0.1\nreload\nhealth\nready\nlog")
          .directives,
      ElementsAre("prometheus", "errors", "log", "cache", "loop", "forward", "whoami"));
}

TEST(Blocks, OneZoneOnOnePortTwice) {
  EXPECT_EQ(
      error_of(". {\nwhoami\n}\n.:53 {\nwhoami\n}\n"),
      "Corefile:4: cannot serve dns://.:53 - it is already defined at Corefile:1, expected each zone once "
      "for a port and an address");
  EXPECT_THAT(error_of("a.test A.TEST.:53 {\nwhoami\n}\n"), HasSubstr("cannot serve dns://a.test.:53"));
}

TEST(Blocks, OneZoneToldApartByPortOrBind) {
  EXPECT_EQ(error_of(". {\nwhoami\n}\n.:1053 {\nwhoami\n}\n"), "");
  EXPECT_EQ(error_of(". {\nbind 10.0.0.1\nwhoami\n}\n. {\nbind 10.0.0.2\nwhoami\n}\n"), "");
  EXPECT_EQ(error_of(". {\nbind 0.0.0.0\nwhoami\n}\n. {\nbind 10.0.0.2\nwhoami\n}\n"), "");
}

TEST(Blocks, OneZoneOnOverlappingAddresses) {
  EXPECT_THAT(
      error_of(". {\nbind 10.0.0.1 10.0.0.2\nwhoami\n}\n\n. {\nbind 10.0.0.3 10.0.0.2\nwhoami\n}\n"),
      HasSubstr("Corefile:6: cannot serve dns://.:53 on 10.0.0.2 - it is already defined at Corefile:1"));
  EXPECT_THAT(
      error_of(". {\nwhoami\n}\n. {\nbind 10.0.0.2\nwhoami\n}\n"),
      HasSubstr(
          "Corefile:4: cannot serve dns://.:53 - it is already defined on every address at Corefile:1"));
  EXPECT_THAT(
      error_of(". {\nbind 10.0.0.2\nwhoami\n}\n. {\nwhoami\n}\n"),
      HasSubstr("Corefile:5: cannot serve dns://.:53 on every address - it is already defined on some"));
}

TEST(Blocks, SharedAddressesOfMetricsHealthAndReady) {
  EXPECT_EQ(error_of("a.test {\nprometheus :9253\nhealth :8080\nready\nwhoami\n}\n"
                     "b.test {\nprometheus :9253\nhealth :8080\nready\nwhoami\n}\n"
                     "c.test {\nprometheus :9254\nhealth :8081\nready :8182\nwhoami\n}\n"),
            "");
}

TEST(Blocks, NothingThatAnswersWarns) {
  const auto config = load("a.test {\nerrors\n}\nb.test {\nwhoami\n}\n");
  ASSERT_TRUE(config) << config.error();
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_EQ(config->warnings[0].to_string(),
            "Corefile:1: server block: nothing in it answers, so every query gets SERVFAIL; expected "
            "template, hosts, forward, whoami");
}

TEST(Blocks, NoneIsAnError) {
  EXPECT_THAT(error_of("# empty\n"), HasSubstr("Corefile:1: no server block, expected one such as"));
}

TEST(Suggestions, AtMostTwoEdits) {
  constexpr std::string_view kKnown[] = {"success", "denial", "prefetch"};
  EXPECT_EQ(nearest("sucess", kKnown), "success");
  EXPECT_EQ(nearest("deniall", kKnown), "denial");
  EXPECT_EQ(nearest("preftech", kKnown), "prefetch");
  EXPECT_EQ(nearest("prfch", kKnown), std::nullopt);
  EXPECT_EQ(nearest("xx", kKnown), std::nullopt);
  EXPECT_EQ(nearest(std::string(1000, 'x'), kKnown), std::nullopt);
}

}  // namespace
}  // namespace nld::plugins::testing
