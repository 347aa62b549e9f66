// The log plugin: lines as CoreDNS writes them, and which queries get one.
#include "plugins/log/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "runtime/captured_log.hpp"
#include "unit/plugins/observed_query.hpp"

namespace nld::plugins {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kCommon =
    "{remote}:{port} - {>id} \"{type} {class} {name} {proto} {size} {>do} {>bufsize}\" {rcode} {>rflags} "
    "{rsize} {duration}";

std::string format(std::string_view text, ObservedQuery& query) {
  std::string out;
  LogFormat(text).append(out, query.request, query.reply, query.outcome);
  return out;
}

TEST(LogFormat, WritesTheCommonFormat) {
  ObservedQuery query({.name = "Kubernetes.Default.svc.cluster.local."});
  query.reply_with(dns::Rcode::NOERROR, 1, dns::ResponseKind::success);
  EXPECT_EQ(format(kCommon, query),
            "10.244.0.5:40212 - 4711 \"A IN kubernetes.default.svc.cluster.local. udp 54 false 512\" "
            "NOERROR qr,rd,ra 68 0.000123s");
}

TEST(LogFormat, WritesIpv6InBracketsAndWhatEdnsSays) {
  ObservedQuery query({.type = dns::RRType{65280},
                       .cls = dns::RRClass{32},
                       .udp_size = 1232,
                       .dnssec_ok = true,
                       .client = "fd00::5",
                       .local = "fd00::10"});
  query.outcome.rcode = dns::Rcode{3841};
  EXPECT_EQ(format("{remote}:{port} {local} {type} {class} {>do} {>bufsize} {rcode} {>opcode}", query),
            "[fd00::5]:40212 [fd00::10] TYPE65280 CLASS32 true 1232 3841 0");
}

TEST(LogFormat, WritesTheSizeThatAClientTakes) {
  ObservedQuery small({.udp_size = 100});
  ObservedQuery tcp({.udp_size = 1232, .transport = pipeline::Transport::tcp});
  EXPECT_EQ(format("{>bufsize} {proto}", small), "512 udp");
  EXPECT_EQ(format("{>bufsize} {proto}", tcp), "65535 tcp");
}

TEST(LogFormat, WritesEveryFlag) {
  ObservedQuery query;
  query.outcome.flags = 0xFFFF;
  EXPECT_EQ(format("{>rflags}", query), "qr,aa,tc,rd,ra,z,ad,cd");
  query.outcome.flags = 0;
  EXPECT_EQ(format("[{>rflags}]", query), "[]");
}

TEST(LogFormat, WritesDurationsAsGoDoes) {
  ObservedQuery query;
  const auto shown = [&query](runtime::Duration duration) {
    query.outcome.duration = duration;
    return format("{duration}", query);
  };
  EXPECT_EQ(shown(std::chrono::nanoseconds(37'990'251)), "0.037990251s");
  EXPECT_EQ(shown(std::chrono::nanoseconds(1)), "0.000000001s");
  EXPECT_EQ(shown(std::chrono::seconds(2)), "2s");
  EXPECT_EQ(shown(std::chrono::seconds(0)), "0s");
}

TEST(LogFormat, LeavesTextThatIsNoPlaceholder) {
  ObservedQuery query;
  EXPECT_EQ(format("", query), "");
  EXPECT_EQ(format("{ {type} }", query), "{ A }");
  EXPECT_EQ(format("A } {type} {unknown} {type", query), "A } A {unknown} {type");
  EXPECT_EQ(format("{{type}}{/forward/upstream}{type}", query), "{A}-A");
  EXPECT_EQ(format("{common}", query), "{common}") << "expanded where the configuration is read";
}

class LogPluginTest : public testing::Test {
 protected:
  static LogRule rule(std::vector<std::string_view> names) {
    LogRule out;
    for (const auto name : names) out.names.push_back(dns::Name::from_text(name).value());
    out.format = "{name} {rcode}";
    return out;
  }
  void observe(LogPlugin& plugin, ObservedQuery& query) {
    plugin.observe(query.request, query.reply, query.outcome);
  }
  /// success, denial (NXDOMAIN), denial (no data), error: in that order.
  void observe_each_class(LogPlugin& plugin) {
    ObservedQuery success({.name = "success."});
    success.reply_with(dns::Rcode::NOERROR, 2, dns::ResponseKind::success);
    ObservedQuery nxdomain({.name = "nxdomain."});
    nxdomain.reply_with(dns::Rcode::NXDOMAIN, 0, dns::ResponseKind::nxdomain);
    ObservedQuery nodata({.name = "nodata."});
    nodata.reply_with(dns::Rcode::NOERROR, 0, dns::ResponseKind::nodata);
    ObservedQuery error({.name = "error."});
    error.fail_with(dns::Rcode::SERVFAIL, "timeout");
    for (ObservedQuery* query : {&success, &nxdomain, &nodata, &error}) observe(plugin, *query);
  }

  runtime::CapturedLog log_;
};

TEST_F(LogPluginTest, LogsEveryClassUnlessToldOtherwise) {
  LogPlugin plugin({rule({"."})}, log_);
  observe_each_class(plugin);
  EXPECT_THAT(log_.lines(), ElementsAre("[INFO] success. NOERROR", "[INFO] nxdomain. NXDOMAIN",
                                        "[INFO] nodata. NOERROR", "[INFO] error. SERVFAIL"));
}

TEST_F(LogPluginTest, LogsTheClassesAskedFor) {
  LogRule denial = rule({"."});
  denial.success = denial.error = false;
  LogPlugin plugin({denial}, log_);
  observe_each_class(plugin);
  EXPECT_THAT(log_.lines(), ElementsAre("[INFO] nxdomain. NXDOMAIN", "[INFO] nodata. NOERROR"));
  log_.clear();

  LogRule error = rule({"."});
  error.success = error.denial = false;
  LogPlugin errors({error}, log_);
  observe_each_class(errors);
  EXPECT_THAT(log_.lines(), ElementsAre("[INFO] error. SERVFAIL"));
}

TEST_F(LogPluginTest, TakesAReferralForSuccess) {
  ObservedQuery query;
  query.reply_with(dns::Rcode::NOERROR, 0, dns::ResponseKind::referral);
  EXPECT_EQ(classify(query.reply, dns::Rcode::NOERROR), ResponseClass::success);
  query.reply.answer = nullptr;
  EXPECT_EQ(classify(query.reply, dns::Rcode::NOERROR), ResponseClass::denial);
  EXPECT_EQ(classify(query.reply, dns::Rcode::REFUSED), ResponseClass::error);
}

TEST_F(LogPluginTest, LogsTheNamesAskedForByTheFirstRuleThatHoldsThem) {
  LogRule first = rule({"org.", "example.com."});
  first.format = "first {name}";
  LogRule silent = rule({"quiet.test."});
  silent.success = silent.denial = silent.error = false;
  LogRule rest = rule({"test."});
  rest.format = "rest {name}";
  LogPlugin plugin({first, silent, rest}, log_);
  for (const auto* name : {"Example.ORG.", "example.com.", "com.", "a.quiet.test.", "loud.test."}) {
    ObservedQuery query({.name = name});
    observe(plugin, query);
  }
  EXPECT_THAT(log_.lines(), ElementsAre("[INFO] first example.org.", "[INFO] first example.com.",
                                        "[INFO] rest loud.test."));
}

TEST_F(LogPluginTest, LogsSlowRepliesWhateverTheirClass) {
  LogRule slow = rule({"."});
  slow.success = slow.denial = slow.error = false;
  slow.min_duration = milliseconds(100);
  LogPlugin plugin({slow}, log_);
  ObservedQuery query;
  query.outcome.duration = milliseconds(100);
  observe(plugin, query);
  EXPECT_THAT(log_.lines(), IsEmpty());
  query.outcome.duration += std::chrono::nanoseconds(1);
  observe(plugin, query);
  EXPECT_THAT(log_.lines(), SizeIs(1));
}

TEST_F(LogPluginTest, IsSilentWhenTheLogTakesNoInfo) {
  log_.set_level(runtime::LogLevel::warn);
  LogPlugin plugin({rule({"."})}, log_);
  observe_each_class(plugin);
  EXPECT_THAT(log_.lines(), IsEmpty());
}

}  // namespace
}  // namespace nld::plugins
