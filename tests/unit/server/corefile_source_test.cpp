// Loading: files, templates, what is watched, what an error says.
#include "server/corefile_source.hpp"

#include <gtest/gtest.h>

#include <map>

namespace nld::server {
namespace {

class Source : public testing::Test {
 protected:
  corefile::Surroundings surroundings() {
    corefile::Surroundings made;
    made.environment = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = environment_.find(std::string(name));
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    };
    made.read_file = [this](const std::filesystem::path& path) -> std::expected<std::string, std::string> {
      const auto found = files_.find(path.string());
      if (found == files_.end()) return std::unexpected("No such file or directory");
      return found->second;
    };
    made.glob = [](const std::string&) { return std::vector<std::filesystem::path>{}; };
    return made;
  }
  std::map<std::string, std::string> files_{{"/etc/resolv.conf", "nameserver 10.0.0.2\n"}};
  std::map<std::string, std::string> environment_;
};

TEST_F(Source, TheEmbeddedDefaultLoads) {
  CorefileSource source({}, surroundings());
  const auto loaded = source.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->config.blocks.size(), 1U);
  EXPECT_EQ(loaded->config.digest.size(), 128U);
}

TEST_F(Source, TheNodesDefaultSplitsTheClusterFromTheRest) {
  CorefileSource source({.cluster_dns = {"10.96.0.10"}, .local_ips = {"169.254.20.10"}}, surroundings());
  const auto loaded = source.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_TRUE(loaded->notes.empty());
  ASSERT_EQ(loaded->config.blocks.size(), 2U);
  const auto& cluster = loaded->config.blocks[0];
  EXPECT_EQ(cluster.zones.size(), 3U);
  EXPECT_EQ(cluster.zones[0].label, "cluster.local.");
  EXPECT_EQ(cluster.forwards[0].upstreams[0].address.to_string(), "10.96.0.10:53");
  ASSERT_EQ(cluster.bind.size(), 1U);
  EXPECT_EQ(cluster.bind[0].ip_text(), "169.254.20.10");
  EXPECT_EQ(loaded->config.blocks[1].forwards[0].upstreams[0].address.to_string(), "10.0.0.2:53");
}

TEST_F(Source, WithoutAClusterDnsTheNodesDefaultSaysSo) {
  CorefileSource source({.local_ips = {"169.254.20.10"}}, surroundings());
  const auto loaded = source.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->config.blocks.size(), 1U);
  ASSERT_EQ(loaded->notes.size(), 1U);
  EXPECT_TRUE(loaded->notes[0].starts_with("no cluster DNS is known")) << loaded->notes[0];
}

TEST_F(Source, TheFlagsClusterDnsGoesBeforeTheEnvironments) {
  environment_["KUBE_DNS_SERVICE_HOST"] = "10.96.0.1";
  files_["/base"] = ".:53 {\n  forward . __PILLAR__CLUSTER__DNS__\n}\n";
  CorefileSource source({.base = "/base", .cluster_dns = {"10.96.0.2", "fd00::a"}}, surroundings());
  const auto loaded = source.load();
  ASSERT_TRUE(loaded) << loaded.error();
  ASSERT_EQ(loaded->config.blocks[0].forwards[0].upstreams.size(), 2U);
  EXPECT_EQ(loaded->config.blocks[0].forwards[0].upstreams[0].address.to_string(), "10.96.0.2:53");
}

TEST_F(Source, ErrorsNameFileAndLine) {
  files_["/c"] = ".:53 {\n  forwad . 10.0.0.1\n}\n";
  CorefileSource source({.conf = "/c"}, surroundings());
  const auto loaded = source.load();
  ASSERT_FALSE(loaded);
  EXPECT_TRUE(loaded.error().starts_with("/c:2: ")) << loaded.error();
  CorefileSource missing({.conf = "/none"}, surroundings());
  EXPECT_EQ(missing.load().error(), "/none: No such file or directory");
}

TEST_F(Source, ImportsAndResolvConfAreWatched) {
  files_["/c"] = "import /more\n.:53 {\n  forward . /etc/resolv.conf\n}\n";
  files_["/more"] = "a.test {\n  whoami\n}\n";
  CorefileSource source({.conf = "/c"}, surroundings());
  const auto first = source.load();
  ASSERT_TRUE(first) << first.error();
  const std::string before = source.fingerprint();
  for (const char* file : {"/c", "/more", "/etc/resolv.conf"}) {
    files_[file] += "# changed\n";
    EXPECT_NE(source.fingerprint(), before) << file;
    files_[file].erase(files_[file].size() - 10);
    EXPECT_EQ(source.fingerprint(), before) << file;
  }
  files_["/more"] = "b.test {\n  whoami\n}\n";
  EXPECT_NE(source.load()->config.digest, first->config.digest);
}

TEST_F(Source, AFailedLoadForgetsNoFile) {
  files_["/c"] = "import /more\n.:53 {\n  whoami\n}\n";
  files_["/more"] = "a.test {\n  whoami\n}\n";
  CorefileSource source({.conf = "/c"}, surroundings());
  ASSERT_TRUE(source.load());
  files_["/more"] = "a.test {\n  nonsense\n}\n";
  EXPECT_FALSE(source.load());
  const std::string broken = source.fingerprint();
  files_["/more"] = "a.test {\n  whoami\n}\n";
  EXPECT_NE(source.fingerprint(), broken) << "the import's mending must be seen";
}

TEST_F(Source, ATemplateTakesTheServicesAddress) {
  files_["/base"] = "cluster.local:53 {\n  forward . __PILLAR__CLUSTER__DNS__\n}\n";
  CorefileSource source({.base = "/base", .upstream_service = "up"}, surroundings());
  const auto without = source.load();
  ASSERT_FALSE(without);
  EXPECT_NE(without.error().find("UP_SERVICE_HOST"), std::string::npos) << without.error();
  environment_["UP_SERVICE_HOST"] = "10.96.0.10";
  const auto with = source.load();
  ASSERT_TRUE(with) << with.error();
  EXPECT_EQ(with->config.blocks[0].forwards[0].upstreams[0].address.to_string(), "10.96.0.10:53");
}

}  // namespace
}  // namespace nld::server
