// Which programs are run, and what their failures become.
#include "net/iptables/programs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "unit/net/iptables/kernel_model.hpp"
#include "unit/net/iptables/scripted_commands.hpp"

namespace nld::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kEmptyNat = "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n";

RuleSet one_rule() {
  return {.family = Family::ipv4,
          .chains = {},
          .rules = {{.table = "nat", .chain = "PREROUTING", .spec = "-d 169.254.20.10/32 -j RETURN"}},
          .nft_table = {}};
}

TEST(Programs, VersionTellsTheBackend) {
  EXPECT_EQ(backend_of_version("iptables v1.8.9 (nf_tables)\n"), Backend::nft);
  EXPECT_EQ(backend_of_version("iptables v1.8.9 (legacy)\n"), Backend::legacy);
  EXPECT_EQ(backend_of_version("iptables v1.6.1\n"), Backend::legacy);
}

/// Only the names in `installed` exist, each with its version.
ScriptedCommands::Answer only(std::vector<std::pair<std::string, std::string>> installed) {
  return [installed = std::move(installed)](
             const std::vector<std::string>& argv,
             std::string_view /*input*/) -> std::expected<CommandResult, std::string> {
    for (const auto& [name, version] : installed) {
      if (name == argv.front()) return CommandResult{.status = 0, .out = version, .error = {}};
    }
    return not_installed(argv.front());
  };
}

TEST(Programs, TheNameOfTheBackendComesFirst) {
  ScriptedCommands commands(only({{"ip6tables-legacy-restore", "ip6tables-restore v1.8.9 (legacy)"},
                                  {"ip6tables-restore", "ip6tables-restore v1.8.9 (nf_tables)"}}));
  EXPECT_EQ(find_programs(commands, Backend::legacy, Family::ipv6), "ip6tables-legacy");
  EXPECT_EQ(find_programs(commands, Backend::nft, Family::ipv6), "ip6tables");
  EXPECT_FALSE(find_programs(commands, Backend::nft, Family::ipv4));
}

TEST(Programs, ThePlainNameOnlyWhenItIsOfThatBackend) {
  ScriptedCommands commands(only({{"iptables-restore", "iptables-restore v1.8.9 (legacy)"}}));
  EXPECT_EQ(find_programs(commands, Backend::legacy, Family::ipv4), "iptables");
  const auto absent = find_programs(commands, Backend::nft, Family::ipv4);
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error(), HasSubstr("iptables-nft is not installed"));
}

/// iptables with a table nat of its own, whose printing a test may alter.
class ModelledNat {
 public:
  using Print = std::function<std::string(std::string spec)>;
  explicit ModelledNat(Print print) : kernel_(parse_saved_table(kEmptyNat)), print_(std::move(print)) {}

  std::expected<CommandResult, std::string> operator()(const std::vector<std::string>& argv,
                                                       std::string_view input) {
    if (argv.back() == "--version") return CommandResult{};
    if (!input.empty())
      return CommandResult{.status = kernel_.restore(input) ? 0 : 1, .out = {}, .error = "refused"};
    std::string out;
    for (const auto& [name, rules] : kernel_.table().chains) {
      if (argv.back() != "nat") break;
      out += ":" + name + " - [0:0]\n";
      for (const std::string& rule : rules)
        out.append("-A ").append(name).append(" ").append(print_(rule)) += "\n";
    }
    return CommandResult{.status = 0, .out = std::move(out), .error = {}};
  }
  [[nodiscard]] const std::vector<std::string>& prerouting() const {
    return kernel_.table().chains.at("PREROUTING");
  }

 private:
  KernelModel kernel_;
  Print print_;
};

TEST(Programs, WhatIsWrittenIsReadBackAndThatIsAll) {
  ModelledNat nat([](const std::string& spec) { return spec; });
  ScriptedCommands commands(std::ref(nat));
  Iptables iptables(commands, Backend::nft, Family::ipv4);
  ASSERT_TRUE(iptables.ensure(one_rule()));
  EXPECT_THAT(nat.prerouting(), ElementsAre("-d 169.254.20.10/32 -j RETURN"));
  EXPECT_THAT(
      commands.lines(),
      ElementsAre("iptables-nft-save -t nat", "iptables-nft-save -t raw", "iptables-nft-save -t filter",
                  "iptables-nft-restore --noflush -w 2", "iptables-nft-save -t nat"));
  ASSERT_TRUE(iptables.ensure(one_rule()));
  EXPECT_THAT(commands.lines().size(), 6U) << "the other tables are looked at once";
}

TEST(Programs, ARuleThatCannotBeRecognisedDoesNotPileUp) {
  ModelledNat nat([](const std::string& spec) { return "--in-other-words " + spec; });
  ScriptedCommands commands(std::ref(nat));
  Iptables iptables(commands, Backend::nft, Family::ipv4);
  for (int round = 0; round < 3; ++round) {
    const auto repairs = iptables.ensure(one_rule());
    ASSERT_FALSE(repairs);
    EXPECT_EQ(
        repairs.error().what,
        "does not read back as it was written: nat PREROUTING: -d 169.254.20.10/32 -j RETURN is missing");
    EXPECT_THAT(nat.prerouting(), IsEmpty());
  }
}

TEST(Programs, AFailureNamesTheProgramAndItsWords) {
  ScriptedCommands commands([](const std::vector<std::string>& argv,
                               std::string_view input) -> std::expected<CommandResult, std::string> {
    if (input.empty())
      return CommandResult{.status = 0, .out = argv.back() == "nat" ? kEmptyNat : "", .error = {}};
    return CommandResult{.status = 1, .out = {}, .error = "line 2 failed:\nno such thing\n"};
  });
  const auto repairs = Iptables(commands, Backend::nft, Family::ipv4).ensure(one_rule());
  ASSERT_FALSE(repairs);
  EXPECT_EQ(repairs.error().what,
            "iptables-nft-restore --noflush -w 2 (status 1): line 2 failed:; no such thing");
  EXPECT_FALSE(repairs.error().locked);
}

RuleSet two_tables() {
  RuleSet set = one_rule();
  set.rules.push_back({.table = "raw", .chain = "PREROUTING", .spec = "-d 169.254.20.10/32 -j NOTRACK"});
  return set;
}

/// Table nat takes what it is given, raw only refuses.
ScriptedCommands::Answer raw_refuses(ModelledNat& nat, std::string words) {
  return
      [&nat, words = std::move(words)](const std::vector<std::string>& argv,
                                       std::string_view input) -> std::expected<CommandResult, std::string> {
        const std::size_t raw = input.find("*raw\n");
        if (raw == std::string_view::npos) return nat(argv, input);
        if (raw > 0) static_cast<void>(nat(argv, input.substr(0, raw)));
        return CommandResult{.status = 4, .out = {}, .error = words};
      };
}

TEST(Programs, ATableThatIsRefusedDoesNotHinderTheOther) {
  ModelledNat nat([](const std::string& spec) { return spec; });
  ScriptedCommands commands(raw_refuses(nat, "no such table"));
  const auto repairs = Iptables(commands, Backend::nft, Family::ipv4).ensure(two_tables());
  ASSERT_FALSE(repairs);
  EXPECT_EQ(repairs.error().what, "iptables-nft-restore --noflush -w 2 (status 4): no such table");
  ASSERT_EQ(repairs.error().mended.size(), 1U);
  EXPECT_EQ(repairs.error().mended[0].what, "nat PREROUTING: -d 169.254.20.10/32 -j RETURN");
  EXPECT_THAT(nat.prerouting(), ElementsAre("-d 169.254.20.10/32 -j RETURN")) << "once, though asked twice";
}

TEST(Programs, ALockThatIsHeldIsWaitedForOnce) {
  ModelledNat nat([](const std::string& spec) { return spec; });
  ScriptedCommands commands(
      raw_refuses(nat, "Another app is currently holding the xtables lock; still 0s 0us to wait."));
  const auto repairs = Iptables(commands, Backend::nft, Family::ipv4).ensure(two_tables());
  ASSERT_FALSE(repairs);
  EXPECT_TRUE(repairs.error().locked);
  EXPECT_EQ(std::ranges::count(commands.lines(), "iptables-nft-restore --noflush -w 2"), 1);
}

// A kernel without IPv6 tables is no obstacle when nothing is wanted of it.
TEST(Programs, ATableThatCannotBeReadMattersOnlyWhenWanted) {
  ScriptedCommands commands([](const std::vector<std::string>& argv,
                               std::string_view /*input*/) -> std::expected<CommandResult, std::string> {
    if (argv.back() == "--version") return CommandResult{};
    return CommandResult{.status = 1, .out = {}, .error = "no such table"};
  });
  Iptables iptables(commands, Backend::nft, Family::ipv4);
  const auto nothing = iptables.ensure({});
  ASSERT_TRUE(nothing);
  EXPECT_THAT(*nothing, IsEmpty());
  EXPECT_FALSE(iptables.ensure(one_rule()));
  EXPECT_FALSE(iptables.check(one_rule()));
  EXPECT_FALSE(iptables.remove(one_rule()));
}

}  // namespace
}  // namespace nld::net
