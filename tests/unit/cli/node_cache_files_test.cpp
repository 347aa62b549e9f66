// Which of node-cache's files is read, for every combination of what is given and what is there.
#include "cli/node_cache_files.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace nld::cli {
namespace {

namespace fs = std::filesystem;

class NodeCacheFilesTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directory(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  void make_base() { std::ofstream(files_.base) << ".:53 {\n}\n"; }
  void make_kube_dns() { fs::create_directory(files_.kube_dns_cm); }
  std::string find() { return find_node_cache_files(options_, files_); }

  fs::path folder_ = fs::temp_directory_path() / ("nld-files-" + std::to_string(::getpid()));
  NodeCacheFiles files_{.base = folder_ / "Corefile.base", .kube_dns_cm = folder_ / "kube-dns"};
  server::CorefileOptions options_{.conf = "/etc/Corefile"};
};

TEST_F(NodeCacheFilesTest, ATemplateThatIsThereWinsOverConf) {
  make_base();
  make_kube_dns();
  const std::string text = find();
  EXPECT_EQ(options_.base, files_.base);
  EXPECT_EQ(options_.kube_dns_cm, files_.kube_dns_cm);
  EXPECT_EQ(text, "template " + files_.base.string() +
                      " in place of /etc/Corefile, which node-cache would write from it; stub domains of " +
                      files_.kube_dns_cm.string());
}

TEST_F(NodeCacheFilesTest, WithoutATemplateConfCountsAsItStands) {
  make_kube_dns();
  const std::string text = find();
  EXPECT_TRUE(options_.base.empty());
  EXPECT_TRUE(options_.kube_dns_cm.empty()) << "node-cache appends stub domains to a template only";
  EXPECT_EQ(text, "/etc/Corefile as it stands (there is no template " + files_.base.string() + ")");
}

TEST_F(NodeCacheFilesTest, WhatTheUserNamesStays) {
  make_base();
  make_kube_dns();
  options_.base = "/none/base";
  options_.kube_dns_cm = "/none/cm";
  find();
  EXPECT_EQ(options_.base, "/none/base");
  EXPECT_EQ(options_.kube_dns_cm, "/none/cm");
}

TEST_F(NodeCacheFilesTest, KubeDnsAloneMakesConfATemplate) {
  options_.kube_dns_cm = "/cm";
  EXPECT_EQ(find(), "template /etc/Corefile; stub domains of /cm");
  EXPECT_TRUE(options_.base.empty());
}

TEST_F(NodeCacheFilesTest, NothingGivenAndNothingThere) {
  options_.conf.clear();
  EXPECT_EQ(find(), "the built-in Corefile");
  make_base();
  EXPECT_EQ(find(), "template " + files_.base.string());
}

TEST_F(NodeCacheFilesTest, AFolderIsNoTemplateAndAFileNoFolder) {
  fs::create_directory(files_.base);
  find();
  EXPECT_TRUE(options_.base.empty());
  fs::remove(files_.base);
  make_base();
  std::ofstream(files_.kube_dns_cm) << "x";
  find();
  EXPECT_TRUE(options_.kube_dns_cm.empty());
}

}  // namespace
}  // namespace nld::cli
