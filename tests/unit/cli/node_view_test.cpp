// What `status` reads out of the server's exposition.
#include "cli/node_view.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace nld::cli {
namespace {

TEST(NodeView, SumsUpUpstreamsAndCache) {
  const auto seen = summarise_metrics(
      "# HELP coredns_cache_entries x\n"
      "coredns_cache_entries{server=\"dns://169.254.20.10:53\",type=\"success\",view=\"\",zones=\".\"} 7\n"
      "coredns_cache_entries{server=\"dns://169.254.20.10:53\",type=\"denial\",view=\"\",zones=\".\"} 3\n"
      "coredns_cache_hits_total{type=\"success\"} 30\n"
      "coredns_cache_misses_total{} 10\n"
      "node_local_dns_cache_bytes 4096\n"
      "node_local_dns_cache_budget_bytes 67108864\n"
      "coredns_forward_requests_total{to=\"10.96.0.10:53\"} 12\n"
      "coredns_forward_healthcheck_failures_total{to=\"10.96.0.10:53\"} 2\n"
      "node_local_dns_upstream_down{to=\"10.96.0.10:53\"} 1\n"
      "node_local_dns_upstream_down{to=\"192.0.2.1:53\"} 0\n");
  EXPECT_EQ(seen["cache"]["entries"], 10);
  EXPECT_EQ(seen["cache"]["hit_ratio"], 0.75);
  EXPECT_EQ(seen["cache"]["bytes"], 4096);
  ASSERT_EQ(seen["upstreams"].size(), 2U);
  EXPECT_EQ(seen["upstreams"][0],
            (nlohmann::json{
                {"to", "10.96.0.10:53"}, {"down", true}, {"requests", 12.0}, {"healthcheck_failures", 2.0}}));
  EXPECT_EQ(seen["upstreams"][1]["down"], false);
}

TEST(NodeView, AnEmptyExpositionHasNothing) {
  const auto seen = summarise_metrics("");
  EXPECT_TRUE(seen["upstreams"].empty());
  EXPECT_TRUE(seen["cache"]["hit_ratio"].is_null());
}

}  // namespace
}  // namespace nld::cli
