// The real file system behind the parser.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "corefile/limits.hpp"
#include "corefile/syntax.hpp"

namespace nld::corefile {
namespace {

class RealSurroundings : public testing::Test {
 protected:
  RealSurroundings() {
    auto name = (std::filesystem::path(testing::TempDir()) / "corefile-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~RealSurroundings() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  std::filesystem::path folder_;
  const Surroundings real_ = real_surroundings();
};

TEST_F(RealSurroundings, ReadsFiles) {
  write("a", std::string("x\0y", 3));
  EXPECT_EQ(real_.read_file(folder_ / "a"), std::string("x\0y", 3));
  EXPECT_EQ(real_.read_file(folder_ / "none").error(), "No such file or directory");
  EXPECT_EQ(real_.read_file(folder_).error(), "is a directory");
  write("large", std::string(kMaxFileSize + 1, 'x'));
  EXPECT_EQ(real_.read_file(folder_ / "large").error(), "is larger than 16 MiB");
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(real_.read_file(folder_ / "pipe").error(), "is a pipe, expected a file");
}

TEST_F(RealSurroundings, GlobsAsOverAMountedConfigMap) {
  std::filesystem::create_directory(folder_ / "..2026_01_01");
  write("..2026_01_01/b.server", "");
  std::filesystem::create_directory_symlink("..2026_01_01", folder_ / "..data");
  std::filesystem::create_symlink("..data/b.server", folder_ / "b.server");
  std::filesystem::create_directory(folder_ / "d.server");
  write("a.server", "");
  write(".hidden.server", "");
  write("other", "");
  using Paths = std::vector<std::filesystem::path>;
  EXPECT_EQ(real_.glob((folder_ / "*.server").string()),
            (Paths{folder_ / ".hidden.server", folder_ / "a.server", folder_ / "b.server"}));
  EXPECT_EQ(real_.glob((folder_ / "*").string()), (Paths{folder_ / ".hidden.server", folder_ / "a.server",
                                                         folder_ / "b.server", folder_ / "other"}));
  EXPECT_EQ(real_.glob((folder_ / "*.none").string()), Paths{});
  EXPECT_EQ(real_.glob((folder_ / "other").string()), Paths{folder_ / "other"});
}

TEST_F(RealSurroundings, ParsesWithImports) {
  write("Corefile", ". {\n import *.override\n import part\n}\n");
  write("part", "errors");
  write("x.override", "log");
  const auto file = (folder_ / "Corefile").string();
  const auto syntax = parse(real_.read_file(file).value(), file, real_);
  ASSERT_TRUE(syntax.has_value()) << syntax.error().to_string();
  ASSERT_EQ(syntax->blocks.size(), 1U);
  EXPECT_EQ(syntax->blocks[0].directives.size(), 2U);
  EXPECT_EQ(syntax->files,
            (std::vector<std::filesystem::path>{file, folder_ / "x.override", folder_ / "part"}));
  EXPECT_EQ(syntax->globs, std::vector<std::string>{(folder_ / "*.override").string()});
}

TEST_F(RealSurroundings, ReadsTheEnvironment) {
  ASSERT_EQ(setenv("NLD_COREFILE_TEST", "1.2.3.4", 1), 0);
  EXPECT_EQ(real_.environment("NLD_COREFILE_TEST"), "1.2.3.4");
  ASSERT_EQ(unsetenv("NLD_COREFILE_TEST"), 0);
  EXPECT_EQ(real_.environment("NLD_COREFILE_TEST"), std::nullopt);
}

}  // namespace
}  // namespace nld::corefile
