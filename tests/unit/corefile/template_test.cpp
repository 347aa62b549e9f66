// node-cache's template and the kube-dns ConfigMap.
#include "corefile/template.hpp"

#include <gtest/gtest.h>

#include "world.hpp"

namespace nld::corefile {
namespace {

using test::World;

TemplateValues values() {
  return {.local_ips = {"169.254.20.10", "10.96.0.10"},
          .port = 53,
          .upstream_service = "kube-dns-upstream",
          .cluster_dns = "10.100.0.7",
          .dns_domain = std::nullopt,
          .prometheus_endpoint = std::nullopt,
          .kube_dns = {}};
}

constexpr std::string_view kBase =
    "cluster.local:53 {\n"
    "    bind __PILLAR__LOCAL__DNS__ __PILLAR__DNS__SERVER__\n"
    "    forward . __PILLAR__CLUSTER__DNS__ {\n"
    "            force_tcp\n"
    "    }\n"
    "}\n"
    ".:53 {\n"
    "    bind __PILLAR__LOCAL__DNS__\n"
    "    forward . __PILLAR__UPSTREAM__SERVERS__ {\n"
    "            force_tcp\n"
    "    }\n"
    "}\n";

TEST(Template, ReplacesPlaceholders) {
  const auto rendered = render_template(kBase, values());
  EXPECT_EQ(rendered.text,
            "cluster.local:53 {\n"
            "    bind 169.254.20.10 10.96.0.10 \n"
            "    forward . 10.100.0.7 {\n"
            "            force_tcp\n"
            "    }\n"
            "}\n"
            ".:53 {\n"
            "    bind 169.254.20.10 10.96.0.10\n"
            "    forward . /etc/resolv.conf {\n"
            "            force_tcp\n"
            "    }\n"
            "}\n");
  EXPECT_TRUE(rendered.problems.empty());
}

TEST(Template, OwnNameserversAreAskedOverUdpInTheManifestsSpelling) {
  auto input = values();
  input.kube_dns.upstream_nameservers = {"8.8.8.8", "1.1.1.1:5353"};
  const auto rendered = render_template(kBase, input);
  EXPECT_NE(rendered.text.find("    forward . 8.8.8.8 1.1.1.1:5353\n}\n"), std::string::npos)
      << rendered.text;
  EXPECT_NE(rendered.text.find("10.100.0.7 {\n            force_tcp\n"), std::string::npos)
      << "the cluster's own DNS stays as written";
  EXPECT_EQ(render_template("  forward . __PILLAR__UPSTREAM__SERVERS__ {\n    force_tcp\n  }\n", input).text,
            "  forward . 8.8.8.8 1.1.1.1:5353 {\n    force_tcp\n  }\n")
      << "node-cache rewrites one spelling only";
}

TEST(Template, AppendsStubDomains) {
  auto input = values();
  input.kube_dns.stub_domains = {{"corp.example", {"10.0.0.53", "10.0.1.53:5353"}},
                                 {"acme.local", {"1.1.1.1"}}};
  EXPECT_EQ(render_template(".:53 {\n}\n", input).text,
            ".:53 {\n}\n"
            "\nacme.local:53 {\n    errors\n    cache 30\n    bind 169.254.20.10 10.96.0.10\n    forward . "
            "1.1.1.1\n}\n"
            "\ncorp.example:53 {\n    errors\n    cache 30\n    bind 169.254.20.10 10.96.0.10\n"
            "    forward . 10.0.0.53 10.0.1.53:5353\n}\n");
  input.port = 5300;
  const auto text = render_template("", input).text;
  EXPECT_TRUE(text.starts_with("\nacme.local:5300 {\n"));
  EXPECT_TRUE(World{}.parse(text).has_value());
}

TEST(Template, OptionalPlaceholdersAreReportedWhenWithoutValue) {
  auto input = values();
  input.cluster_dns.reset();
  constexpr std::string_view base =
      "__PILLAR__DNS__DOMAIN__:53 {\n prometheus __PILLAR__PROMETHEUS__ENDPOINT__\n forward . "
      "__PILLAR__CLUSTER__DNS__\n}";
  const auto without = render_template(base, input);
  EXPECT_EQ(without.text, base) << "left as they stand";
  ASSERT_EQ(without.problems.size(), 3U);
  EXPECT_EQ(
      without.problems[0],
      "__PILLAR__CLUSTER__DNS__ has no value: expected an address in the environment variable "
      "KUBE_DNS_UPSTREAM_SERVICE_HOST (the Service 'kube-dns-upstream' must exist before the pod starts)");
  input = values();
  input.dns_domain = "k8s.example";
  input.prometheus_endpoint = ":9253";
  EXPECT_EQ(render_template(base, input).text,
            "k8s.example:53 {\n prometheus :9253\n forward . 10.100.0.7\n}");
  EXPECT_EQ(render_template("prometheus __PROMETHEUS__ENDPOINT__", input).text, "prometheus :9253");
  EXPECT_TRUE(render_template(".:53 {\n}", TemplateValues{}).problems.empty())
      << "only what the text asks for";
}

TEST(Template, ClusterDnsComesFromTheServicesVariable) {
  EXPECT_EQ(service_host_variable("kube-dns"), "KUBE_DNS_SERVICE_HOST");
  EXPECT_EQ(service_host_variable("rke2-coredns-rke2-coredns"), "RKE2_COREDNS_RKE2_COREDNS_SERVICE_HOST");
  const World world{.environment = {{"A_SERVICE_HOST", "10.0.0.1"},
                                    {"B_SERVICE_HOST", "fd00::a"},
                                    {"C_SERVICE_HOST", "no"}},
                    .files = {},
                    .globs = {}};
  EXPECT_EQ(cluster_dns_of("a", world.surroundings()), "10.0.0.1");
  EXPECT_EQ(cluster_dns_of("b", world.surroundings()), "fd00::a");
  EXPECT_EQ(cluster_dns_of("c", world.surroundings()), std::nullopt);
  EXPECT_EQ(cluster_dns_of("d", world.surroundings()), std::nullopt);
}

TEST(TemplateFilesReading, TakesTheBaseAndTheKeysThatExist) {
  World world{.environment = {}, .files = {{"/base", "text"}, {"/cm/stubDomains", "{}"}}, .globs = {}};
  const auto files = read_template_files("/base", "/cm", world.surroundings());
  ASSERT_TRUE(files.has_value()) << files.error();
  EXPECT_EQ(files->base, "text");
  EXPECT_EQ(files->stub_domains, "{}");
  EXPECT_EQ(files->upstream_nameservers, std::nullopt);
  EXPECT_EQ(read_template_files("/base", "", world.surroundings())->stub_domains, std::nullopt);
  EXPECT_EQ(read_template_files("/none", "/cm", world.surroundings()).error(),
            "/none: No such file or directory");
  world.globs["/cm/upstreamNameservers"] = {"/cm/upstreamNameservers"};  // there, but unreadable
  EXPECT_EQ(read_template_files("/base", "/cm", world.surroundings()).error(),
            "/cm/upstreamNameservers: No such file or directory");
}

TEST(TemplateFilesReading, ChangesShowInComparisonAndDigest) {
  const TemplateFiles base{
      .base = "ab", .config_map = "/cm", .stub_domains = "c", .upstream_nameservers = std::nullopt};
  EXPECT_EQ(digest(base), digest(TemplateFiles(base)));
  auto other = base;
  other.stub_domains.reset();
  auto moved = base;
  moved.base = "a";
  moved.stub_domains = "bc";
  auto swapped = base;
  std::swap(swapped.stub_domains, swapped.upstream_nameservers);
  auto empty = base;
  empty.upstream_nameservers = "";
  for (const auto& changed : {other, moved, swapped, empty}) {
    EXPECT_NE(changed, base);
    EXPECT_NE(digest(changed), digest(base));
  }
}

class KubeDns : public testing::Test {
 protected:
  KubeDnsConfig parse(std::optional<std::string> stubs, std::optional<std::string> upstreams) {
    problems_.clear();
    return parse_kube_dns({.base = {},
                           .config_map = "/cm",
                           .stub_domains = std::move(stubs),
                           .upstream_nameservers = std::move(upstreams)},
                          previous_, problems_);
  }
  KubeDnsConfig previous_{.stub_domains = {{"old.example", {"9.9.9.9"}}},
                          .upstream_nameservers = {"9.9.9.9"}};
  std::vector<std::string> problems_;
};

TEST_F(KubeDns, ReadsBothKeys) {
  const auto config =
      parse(R"({"acme.local": ["1.2.3.4", "1.2.3.4:5353"], "v6.example": ["fd00::1", "[fd00::1]:53"],
                               "t.example": ["tls://1.1.1.1", "dns://1.1.1.1:53"]})",
            R"(["8.8.8.8", "8.8.4.4:53"])");
  EXPECT_TRUE(problems_.empty()) << problems_.at(0);
  EXPECT_EQ(config.stub_domains.size(), 3U);
  EXPECT_EQ(config.stub_domains.at("acme.local"), (std::vector<std::string>{"1.2.3.4", "1.2.3.4:5353"}));
  EXPECT_EQ(config.upstream_nameservers, (std::vector<std::string>{"8.8.8.8", "8.8.4.4:53"}));
}

TEST_F(KubeDns, AMissingOrNullKeyMeansNone) {
  EXPECT_EQ(parse(std::nullopt, std::nullopt), KubeDnsConfig{});
  EXPECT_EQ(parse("null", "null"), KubeDnsConfig{});
  EXPECT_EQ(parse("{}", "[]"), KubeDnsConfig{});
  EXPECT_TRUE(problems_.empty());
}

TEST_F(KubeDns, ABadKeyKeepsItsFormerValueAndTheOtherIsRenewed) {
  const auto config = parse("{oops", R"(["8.8.8.8"])");
  EXPECT_EQ(config.stub_domains, previous_.stub_domains);
  EXPECT_EQ(config.upstream_nameservers, std::vector<std::string>{"8.8.8.8"});
  EXPECT_EQ(problems_, std::vector<std::string>{"/cm/stubDomains: not valid JSON; its former value stays"});

  for (const auto* bad : {"[1]", "{}", "\"8.8.8.8\"", R"(["dns.example"])", R"(["8.8.8.8:"])",
                          R"(["8.8.8.8:0"])", R"(["[::1"])", R"(["8.8.8.8 9.9.9.9"])",
                          R"(["https://8.8.8.8"])", R"(["1.1.1.1","1.1.1.1","1.1.1.1","1.1.1.1"])", ""}) {
    const auto kept = parse(R"({"a.example": ["1.1.1.1"]})", bad);
    EXPECT_EQ(kept.upstream_nameservers, previous_.upstream_nameservers) << bad;
    EXPECT_EQ(kept.stub_domains.size(), 1U);
    ASSERT_EQ(problems_.size(), 1U) << bad;
    EXPECT_TRUE(problems_[0].starts_with("/cm/upstreamNameservers: ")) << problems_[0];
  }
}

TEST_F(KubeDns, ABadDomainIsLeftOutAlone) {
  const auto config = parse(R"({"good.example": ["1.1.1.1"], "bad example {": ["1.1.1.1"], ".": ["1.1.1.1"],
                               "none.example": [], "name.example": ["ns.example"], "text.example": "1.1.1.1"})",
                            std::nullopt);
  EXPECT_EQ(config.stub_domains.size(), 1U);
  EXPECT_TRUE(config.stub_domains.contains("good.example"));
  ASSERT_EQ(problems_.size(), 5U);
  EXPECT_EQ(problems_[0], "/cm/stubDomains: domain '.' is no domain name; left out");
  EXPECT_EQ(problems_[2],
            "/cm/stubDomains: domain 'name.example': expected an address with or without a port, found "
            "'ns.example'; left out");
  EXPECT_EQ(problems_[3], "/cm/stubDomains: domain 'none.example': expected 1 to 15 nameservers; left out");
}

TEST_F(KubeDns, SurvivesDeepJson) {
  const auto config =
      parse("{\"a.example\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}", std::nullopt);
  EXPECT_TRUE(config.stub_domains.empty());
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_EQ(problems_[0],
            "/cm/stubDomains: domain 'a.example': expected an address with or without a port, found array; "
            "left out");
}

}  // namespace
}  // namespace nld::corefile
