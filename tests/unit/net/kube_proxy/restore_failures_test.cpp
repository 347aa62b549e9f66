// kube-proxy's count of failed restores, out of its exposition.
#include "net/kube_proxy/restore_failures.hpp"

#include <gtest/gtest.h>

#include "unit/net/kube_proxy/http_stub.hpp"

namespace nld::net {
namespace {

constexpr auto kName = "kubeproxy_sync_proxy_rules_iptables_restore_failures_total";

std::string exposition(const std::string& samples) {
  return std::string("# HELP ") + kName + " [ALPHA] Cumulative proxy iptables restore failures\n# TYPE " +
         kName + " counter\nkubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total 99\n" +
         samples + "kubeproxy_sync_proxy_rules_iptables_restore_failures_total_other 98\nlast 97\n";
}

std::optional<double> sum(std::string_view text, std::size_t piece) {
  MetricSum metric(kName);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) metric.read(text.substr(0, piece));
  return metric.total();
}

TEST(RestoreFailures, WhateverThePieces) {
  const std::string text = exposition(std::string(kName) + " 3\n");
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100}, text.size()}) {
    EXPECT_EQ(sum(text, piece), 3.0) << piece;
  }
}

TEST(RestoreFailures, AllFamiliesTogether) {
  const std::string name = kName;
  EXPECT_EQ(sum(exposition(name + "{ip_family=\"IPv4\"} 2\n" + name + "{ip_family=\"I}v6\"} 1.5e+01\n"), 10),
            17.0);
}

TEST(RestoreFailures, NoSuchMetric) {
  EXPECT_EQ(sum(exposition(""), 10), std::nullopt);
  EXPECT_EQ(sum("", 10), std::nullopt);
  EXPECT_EQ(sum(std::string(kName) + " many\n", 10), std::nullopt);
  EXPECT_EQ(sum(std::string(kName) + "{unfinished 1\n", 10), std::nullopt);
}

TEST(RestoreFailures, ALongLineBefore) {
  EXPECT_EQ(sum(std::string(100'000, 'x') + kName + " 1\n" + kName + " 2", 1000), 2.0);
}

TEST(RestoreFailures, AskedOfKubeProxy) {
  // kube-proxy's exposition is some hundred KiB.
  std::string text;
  for (int line = 0; line < 10'000; ++line)
    text += "some_other_metric{le=\"" + std::to_string(line) + "\"} 1\n";
  HttpStub stub(HttpStub::ok(text + exposition(std::string(kName) + " 4\n")));
  EXPECT_EQ(kube_proxy_restore_failures(stub.port(), std::chrono::seconds(10)), 4.0);
  EXPECT_EQ(stub.request(), "GET /metrics HTTP/1.0");
}

TEST(RestoreFailures, NotToldIsNotZero) {
  const HttpStub other(HttpStub::ok("up 1\n"));
  EXPECT_EQ(kube_proxy_restore_failures(other.port(), std::chrono::seconds(10)), std::nullopt);
  const HttpStub broken("HTTP/1.0 500 Internal Server Error\r\n\r\n");
  EXPECT_EQ(kube_proxy_restore_failures(broken.port(), std::chrono::seconds(10)), std::nullopt);
}

}  // namespace
}  // namespace nld::net
