// The metadata plugin: its forms, which queries it marks, and what labels say.
#include "plugins/metadata/metadata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plugins/config/world.hpp"
#include "unit/plugins/observed_query.hpp"

namespace nld::plugins::testing {
namespace {

using pipeline::Verdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

constexpr const char* kByClient =
    "metadata {\nmap {{.IP}} VRF comment {\n127.0.0.1 VRF1 local\n::1 VRF2 \"local IPv6\"\n"
    "default VRF3 default\n}\n}";

MetadataConfig configured(std::string_view lines) {
  return accepted(lines).metadata.value();
}

TEST(MetadataConfig, ZonesAreTheArgumentsOrTheBlocks) {
  EXPECT_THAT(texts(configured("metadata").zones), ElementsAre("."));
  EXPECT_THAT(texts(configured("metadata A.test 10.0.0.0/8").zones),
              ElementsAre("a.test.", "10.in-addr.arpa."));
  EXPECT_THAT(accepted("metadata").directives, ElementsAre("metadata", "forward"));
  EXPECT_THAT(warnings_of("metadata"), IsEmpty());
  EXPECT_THAT(warnings_of(kByClient), IsEmpty());
}

TEST(MetadataConfig, Refused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"metadata\nmetadata", "Corefile:3: metadata: already given on line 2"},
      {"metadata a..b", "Corefile:2: metadata: ZONES"},
      {"metadata {\nlabels a\n}", "Corefile:3: metadata: unknown option 'labels', expected one of map"},
      {"metadata {\nmap\n}", "Corefile:3: metadata: map: SOURCE is missing"},
      {"metadata {\nmap {{.IP}}\n}", "metadata: map: LABEL is missing"},
      {"metadata {\nmap {{.IPs}} a {\n1 2\n}\n}", "SOURCE '{{.IPs}}' is wrong at character"},
      {"metadata {\nmap {{.IP}} a\n}",
       "metadata: map: values are missing, expected lines such as 'INPUT VALUE'"},
      {"metadata {\nmap {{.IP}} a {\ndefault REFUSED\n}\n}", "metadata: map: values are missing"},
      {"metadata {\nmap {{.IP}} a b {\n10.0.0.1 x\n}\n}",
       "Corefile:4: metadata: map: 10.0.0.1: there are 1 values, expected one for each of the 2 labels"},
      {"metadata {\nmap {{.IP}} a {\n10.0.0.1\n}\n}",
       "Corefile:4: metadata: map: 10.0.0.1: VALUE is missing"},
      {"metadata {\nmap {{.IP}} a {\nx y\n}\nmap {{.IP}} a {\nx y\n}\n}",
       "Corefile:6: metadata: map: given twice, expected once"},
  };
  for (const auto& [lines, message] : kCases) EXPECT_THAT(refused(lines), HasSubstr(message)) << lines;
}

/// The value of `label` after the plugin has seen the query; "answered" when it did not let it pass.
std::string value_of(const char* lines, ObservedQuery& query, std::string_view label) {
  MetadataPlugin plugin(configured(lines));
  if (plugin.handle(query.request, query.reply) != Verdict::pass) return "answered";
  return published(label, query.request, query.reply).value_or("none");
}
std::string value_for(const char* lines, const char* client, std::string_view label) {
  ObservedQuery query({.client = client});
  return value_of(lines, query, label);
}

TEST(MetadataPlugin, MapGivesTheRowOfItsInput) {
  EXPECT_EQ(value_for(kByClient, "127.0.0.1", "metadata/VRF"), "VRF1");
  EXPECT_EQ(value_for(kByClient, "::1", "metadata/comment"), "local IPv6");
  EXPECT_EQ(value_for(kByClient, "10.0.0.1", "metadata/VRF"), "VRF3");
  EXPECT_EQ(value_for(kByClient, "127.0.0.1", "metadata/other"), "none");
  EXPECT_EQ(value_for(kByClient, "127.0.0.1", "VRF"), "none");
}

TEST(MetadataPlugin, WithoutARowThereIsNoValueOrNoAnswer) {
  constexpr const char* kByType = "metadata {\nmap \"{{ .Type }}\" server {\nAAAA 8.8.4.4\n}\n}";
  EXPECT_EQ(value_for(kByType, "10.0.0.1", "metadata/server"), "none");
  constexpr const char* kRefusing =
      "metadata {\nmap \"{{ .Type }}\" server port {\nAAAA 8.8.8.8 53\ndefault REFUSED\n}\n}";
  ObservedQuery query;
  EXPECT_EQ(value_of(kRefusing, query, "metadata/server"), "answered");
  EXPECT_EQ(query.reply.rcode, dns::Rcode::REFUSED);
  EXPECT_EQ(query.reply.error, "metadata: no values found for {{ .Type }} 'A'");
  constexpr const char* kPassing = "metadata {\nmap \"{{ .Type }}\" server {\nAAAA x\ndefault NOERROR\n}\n}";
  EXPECT_EQ(value_for(kPassing, "10.0.0.1", "metadata/server"), "none");
}

TEST(MetadataPlugin, ATemplateThatFailsIsServfail) {
  ObservedQuery query;
  EXPECT_EQ(
      value_of("metadata {\nmap \"{{ index .Name 99 }}\" server {\nx y\n}\n}", query, "metadata/server"),
      "answered");
  EXPECT_EQ(query.reply.rcode, dns::Rcode::SERVFAIL);
  EXPECT_THAT(query.reply.error, HasSubstr("metadata: unable to resolve {{ index .Name 99 }}: "));
}

TEST(MetadataPlugin, EveryFieldOfARequest) {
  const std::pair<const char*, const char*> kFields[] = {{"Name", "example.org."},
                                                         {"QName", "Example.org."},
                                                         {"Type", "A"},
                                                         {"QType", "1"},
                                                         {"Class", "IN"},
                                                         {"QClass", "1"},
                                                         {"IP", "fd00::5"},
                                                         {"Port", "40212"},
                                                         {"LocalIP", "fd00::10"},
                                                         {"LocalPort", "53"},
                                                         {"Proto", "tls"},
                                                         {"Family", "2"},
                                                         {"Do", "true"},
                                                         {"Len", "40"},
                                                         {"LocalAddr", "[fd00::10]:53"},
                                                         {"RemoteAddr", "[fd00::5]:40212"}};
  for (const auto& [field, expected] : kFields) {
    ObservedQuery query({.name = "Example.org.",
                         .udp_size = 1232,
                         .dnssec_ok = true,
                         .transport = pipeline::Transport::tcp,
                         .client = "fd00::5",
                         .local = "fd00::10"});
    query.request.encrypted = true;
    const std::string lines =
        "metadata {\nmap {{." + std::string(field) + "}} it {\n" + expected + " found\n}\n}";
    EXPECT_EQ(value_of(lines.c_str(), query, "metadata/it"), "found") << field;
  }
}

TEST(MetadataPlugin, TheUpstreamIsKnownWhereMetadataIsWanted) {
  ObservedQuery query({.name = "www.a.test."});
  auto provenance = std::make_shared<cache::Provenance>();
  provenance->upstream = runtime::SocketAddress::from_ip("fd00::7", 53).value();
  query.reply.provenance = provenance;
  EXPECT_EQ(published("forward/upstream", query.request, query.reply), std::nullopt)
      << "no metadata directive";
  EXPECT_EQ(value_of("metadata b.test", query, "forward/upstream"), "none") << "another zone";
  EXPECT_EQ(value_of("metadata a.test b.test", query, "forward/upstream"), "[fd00::7]:53");
  EXPECT_EQ(published("forward/other", query.request, query.reply), std::nullopt);
  query.reply.provenance = nullptr;
  EXPECT_EQ(published("forward/upstream", query.request, query.reply), std::nullopt) << "from the cache";
}

}  // namespace
}  // namespace nld::plugins::testing
