// The prometheus plugin: which series a query counts in.
#include "plugins/prometheus/prometheus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "unit/plugins/observed_query.hpp"

namespace nld::plugins {
namespace {

using testing::HasSubstr;
using testing::Not;

class Prometheus : public testing::Test {
 protected:
  void observe(ObservedQuery& query) { plugin_.observe(query.request, query.reply, query.outcome); }
  [[nodiscard]] std::string requests_line(std::string_view family, std::string_view proto,
                                          std::string_view type, int count) const {
    return "coredns_dns_requests_total{family=\"" + std::string(family) + "\",proto=\"" + std::string(proto) +
           "\",server=\"dns://:53\",type=\"" + std::string(type) + "\",view=\"\",zone=\"cluster.local.\"} " +
           std::to_string(count) + "\n";
  }

  metrics::Registry registry_;
  PrometheusPlugin plugin_{registry_, "dns://:53", "cluster.local.", 0};
};

TEST_F(Prometheus, ShowsNothingBeforeTheFirstQuery) {
  EXPECT_THAT(registry_.expose(), Not(HasSubstr("coredns_dns_")));
}

TEST_F(Prometheus, CountsAQueryInEveryFamily) {
  ObservedQuery query({.udp_size = 1232, .dnssec_ok = true});
  query.reply_with(dns::Rcode::NOERROR, 1, dns::ResponseKind::success);
  query.outcome.duration = std::chrono::microseconds(600);
  query.outcome.size = 150;
  observe(query);
  const std::string text = registry_.expose();
  const std::string site = "server=\"dns://:53\",view=\"\",zone=\"cluster.local.\"";
  EXPECT_THAT(text, HasSubstr(requests_line("1", "udp", "A", 1)));
  EXPECT_THAT(text,
              HasSubstr("coredns_dns_responses_total{plugin=\"cache\",rcode=\"NOERROR\"," + site + "} 1\n"));
  EXPECT_THAT(text, HasSubstr("coredns_dns_do_requests_total{" + site + "} 1\n"));
  EXPECT_THAT(text, HasSubstr("coredns_dns_request_duration_seconds_bucket{" + site + ",le=\"0.0005\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("coredns_dns_request_duration_seconds_bucket{" + site + ",le=\"0.001\"} 1\n"));
  const std::string sized = "proto=\"udp\"," + site;
  // 12 header, 17 question, 11 OPT.
  EXPECT_THAT(text, HasSubstr("coredns_dns_request_size_bytes_sum{" + sized + "} 40\n"));
  EXPECT_THAT(text, HasSubstr("coredns_dns_response_size_bytes_bucket{" + sized + ",le=\"100\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("coredns_dns_response_size_bytes_bucket{" + sized + ",le=\"200\"} 1\n"));
}

TEST_F(Prometheus, ShowsNoSeriesThatNeverCounted) {
  ObservedQuery query;
  query.reply_with(dns::Rcode::NOERROR, 1, dns::ResponseKind::success);
  observe(query);
  const std::string text = registry_.expose();
  EXPECT_THAT(text, Not(HasSubstr("coredns_dns_do_requests_total")));
  EXPECT_THAT(text, Not(HasSubstr("tcp")));
  EXPECT_THAT(text, Not(HasSubstr("NXDOMAIN")));
}

TEST_F(Prometheus, TellsProtocolsAndFamiliesApart) {
  ObservedQuery tcp({.transport = pipeline::Transport::tcp});
  ObservedQuery v6({.client = "fd00::5"});
  ObservedQuery mapped({.client = "::ffff:10.0.0.1"});
  for (ObservedQuery* query : {&tcp, &v6, &mapped}) observe(*query);
  const std::string text = registry_.expose();
  EXPECT_THAT(text, HasSubstr(requests_line("1", "tcp", "A", 1)));
  EXPECT_THAT(text, HasSubstr(requests_line("2", "udp", "A", 1)));
  EXPECT_THAT(text, HasSubstr(requests_line("1", "udp", "A", 1))) << "a mapped address is IPv4";
}

TEST_F(Prometheus, NamesTheTypesOfCoreDnsAndNoOthers) {
  for (const auto type : {dns::RRType::HTTPS, dns::RRType::NAPTR, dns::RRType::SVCB, dns::RRType{65280}}) {
    ObservedQuery query({.type = type});
    observe(query);
  }
  const std::string text = registry_.expose();
  EXPECT_THAT(text, HasSubstr(requests_line("1", "udp", "HTTPS", 1)));
  EXPECT_THAT(text, HasSubstr(requests_line("1", "udp", "other", 3)));
}

TEST_F(Prometheus, CountsRcodesByPluginAndBoundsThem) {
  for (const unsigned rcode : {3U, 3U, 23U, 24U, 4095U}) {
    ObservedQuery query;
    query.fail_with(static_cast<dns::Rcode>(rcode), "");
    observe(query);
  }
  ObservedQuery unanswered;
  unanswered.fail_with(dns::Rcode::SERVFAIL, "", "");
  observe(unanswered);
  const std::string text = registry_.expose();
  EXPECT_THAT(text, HasSubstr("{plugin=\"forward\",rcode=\"NXDOMAIN\","));
  EXPECT_THAT(text, HasSubstr("rcode=\"BADCOOKIE\""));
  EXPECT_THAT(text, HasSubstr("{plugin=\"forward\",rcode=\"other\",server=\"dns://:53\",view=\"\","
                              "zone=\"cluster.local.\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("{plugin=\"\",rcode=\"SERVFAIL\","));
}

TEST_F(Prometheus, TakesMorePluginsThanItRemembers) {
  std::vector<std::string> names;
  for (int number = 0; number < 40; ++number) names.push_back("plugin" + std::to_string(number));
  for (const std::string& name : names) {
    ObservedQuery query;
    query.fail_with(dns::Rcode::REFUSED, "", name);
    observe(query);
  }
  const std::string text = registry_.expose();
  EXPECT_THAT(text, HasSubstr("plugin=\"plugin14\""));
  EXPECT_THAT(text, HasSubstr("{plugin=\"other\",rcode=\"REFUSED\",server=\"dns://:53\",view=\"\","
                              "zone=\"cluster.local.\"} 25\n"));
}

TEST_F(Prometheus, AddsUpTheWorkersOfAChain) {
  PrometheusPlugin second(registry_, "dns://:53", "cluster.local.", 1);
  ObservedQuery query;
  observe(query);
  second.observe(query.request, query.reply, query.outcome);
  EXPECT_THAT(registry_.expose(), HasSubstr(requests_line("1", "udp", "A", 2)));
}

TEST(DroppedMetrics, CountUnderAZoneThatCannotExist) {
  metrics::Registry registry;
  DroppedMetrics dropped(registry, "dns://:53", 0);
  dropped.note({.family = 2, .request_size = 11, .response_size = 12, .rcode = dns::Rcode::FORMERR});
  const std::string text = registry.expose();
  EXPECT_THAT(text, HasSubstr("coredns_dns_requests_total{family=\"2\",proto=\"udp\",server=\"dns://:53\","
                              "type=\"other\",view=\"\",zone=\"dropped\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("coredns_dns_responses_total{plugin=\"\",rcode=\"FORMERR\",server=\"dns://:53\","
                        "view=\"\",zone=\"dropped\"} 1\n"));
}

}  // namespace
}  // namespace nld::plugins
