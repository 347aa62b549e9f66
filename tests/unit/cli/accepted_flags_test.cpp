// Every flag that node-cache and the CoreDNS in it ever had, as their users write it.
#include "cli/accepted_flags.hpp"

#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>

#include "unit/cli/run_flags.hpp"

namespace nld::cli {
namespace {

std::expected<agent::AgentOptions, std::string> parse(const std::vector<std::string>& words) {
  try {
    return parse_run(words);
  } catch (const CLI::ParseError& error) {
    return std::unexpected(std::string(error.what()));
  }
}

/// Name and value; a switch may stand without one. Sources: kubernetes/dns cmd/node-cache/main.go from 1.15
/// to 1.26 and master; coredns coremain/run.go and core/dnsserver; glog and klog.
struct Flag {
  const char* name;
  const char* value;
  bool is_switch = false;
};
class NodeCacheFlag : public testing::TestWithParam<Flag> {};

std::string refusal(const std::vector<std::string>& words) {
  const auto options = parse(words);
  return options ? "" : options.error();
}

TEST_P(NodeCacheFlag, WithOneDashAndTwoAndBothForms) {
  const Flag& flag = GetParam();
  for (const std::string dashes : {"-", "--"}) {
    const std::string name = dashes + flag.name;
    EXPECT_EQ(flag.is_switch ? refusal({name}) : refusal({name, flag.value}), "") << name;
    EXPECT_EQ(refusal({name + "=" + flag.value}), "") << name << "=";
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, NodeCacheFlag,
    testing::Values(
        // node-cache
        Flag{"localip", "169.254.20.10,10.96.0.10"}, Flag{"setupinterface", "true", true},
        Flag{"interfacename", "nodelocaldns"}, Flag{"syncinterval", "60ns"}, Flag{"initialdelay", "10ns"},
        Flag{"metrics-listen-address", "0.0.0.0:9353"}, Flag{"setupiptables", "false", true},
        Flag{"setupebtables", "false", true}, Flag{"basecorefile", "/etc/coredns/Corefile.base"},
        Flag{"corefile", "/etc/Corefile"}, Flag{"kubednscm", "/etc/kube-dns"},
        Flag{"upstreamsvc", "kube-dns-upstream"}, Flag{"health-port", "8080"},
        Flag{"skipteardown", "true", true}, Flag{"reloadwithsignal", "true", true},
        // CoreDNS
        Flag{"conf", "/etc/Corefile"}, Flag{"pidfile", "/run/coredns.pid"}, Flag{"quiet", "true", true},
        Flag{"dns.port", "53"}, Flag{"p", "53"}, Flag{"cpu", "100%"}, Flag{"log", "true", true},
        // glog, klog
        Flag{"v", "2"}, Flag{"vmodule", "a=1"}, Flag{"logtostderr", "true", true},
        Flag{"alsologtostderr", "false", true}, Flag{"stderrthreshold", "2"}, Flag{"log_backtrace_at", ":0"},
        Flag{"log_dir", "/tmp"}, Flag{"log_file", "/tmp/log"}, Flag{"log_file_max_size", "1800"},
        Flag{"add_dir_header", "false", true}, Flag{"skip_headers", "false", true},
        Flag{"skip_log_headers", "false", true}, Flag{"one_output", "false", true}),
    [](const auto& tested) {
      std::string name = tested.param.name;
      std::ranges::replace_if(
          name, [](char one) { return !std::isalnum(static_cast<unsigned char>(one)); }, '_');
      return name;
    });

TEST(NodeCacheFlags, TheIntervalsUnitIsWhatNodeCacheMakesOfIt) {
  EXPECT_EQ(parse({"-syncinterval=60ns"})->sync_interval, std::chrono::seconds(60));
  EXPECT_EQ(parse({"-syncinterval=60"})->sync_interval, std::chrono::seconds(60));
  EXPECT_EQ(parse({"-syncinterval=60s"})->sync_interval, std::chrono::seconds(60));
  EXPECT_FALSE(parse({"-syncinterval=60us"}));
}

TEST(NodeCacheFlags, ConfWinsOverItsSecondName) {
  EXPECT_EQ(parse({"-corefile", "/a"})->corefile.conf, "/a");
  EXPECT_EQ(parse({"-corefile", "/a", "-conf", "/b"})->corefile.conf, "/b");
}

TEST(NodeCacheFlags, AMistypedOneIsStillRefused) {
  EXPECT_FALSE(parse({"-initialdelai", "10"}));
}

TEST(NodeCacheFlags, TheHelpSaysWhichHaveNoEffect) {
  AgentFlags flags;
  CLI::App command;
  add_run_flags(command, flags);
  const std::string help = command.help();
  const std::size_t group = help.find("accepted without effect");
  ASSERT_NE(group, help.npos);
  for (const char* flag : {"--initialdelay", "--setupebtables", "--logtostderr", "--vmodule"}) {
    EXPECT_NE(help.find(flag, group), help.npos) << flag;
  }
}

}  // namespace
}  // namespace nld::cli
