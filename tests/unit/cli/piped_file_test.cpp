// A pipe is read once, to its end, and not for ever.
#include "cli/piped_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "corefile/limits.hpp"

namespace nld::cli {
namespace {

using std::chrono::milliseconds;
namespace fs = std::filesystem;

class PipedFileTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_);
    ASSERT_EQ(::mkfifo(pipe_.c_str(), 0600), 0);
  }
  void TearDown() override { fs::remove_all(folder_); }
  corefile::Surroundings surroundings(milliseconds patience = std::chrono::seconds(20)) {
    return with_piped_file(corefile::real_surroundings(), pipe_, patience);
  }

  fs::path folder_ = fs::temp_directory_path() / ("nld-piped-" + std::to_string(::getpid()));
  fs::path pipe_ = folder_ / "pipe";
};

TEST_F(PipedFileTest, TellsAPipeFromAFile) {
  EXPECT_TRUE(is_piped(pipe_));
  EXPECT_TRUE(is_piped("/dev/stdin"));
  EXPECT_TRUE(is_piped("/dev/null"));
  EXPECT_FALSE(is_piped("/proc/self/status"));
  EXPECT_FALSE(is_piped("/none"));
  EXPECT_FALSE(is_piped(""));
}

TEST_F(PipedFileTest, ASlowWriterIsReadToItsEndAndOnlyOnce) {
  std::thread writer([this] {
    std::ofstream out(pipe_);
    out << ".:53 {\n" << std::flush;
    std::this_thread::sleep_for(milliseconds(50));
    out << "}\n";
  });
  const auto reads = surroundings();
  const auto text = reads.read_file(pipe_);
  writer.join();
  ASSERT_TRUE(text) << text.error();
  EXPECT_EQ(*text, ".:53 {\n}\n");
  EXPECT_EQ(reads.read_file(pipe_), text) << "the text is kept";
  EXPECT_FALSE(reads.read_file("/none"));
}

TEST_F(PipedFileTest, NoWriterNoText) {
  const auto text = surroundings(milliseconds(60)).read_file(pipe_);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error(), "no end of the text within 60 ms");
}

TEST_F(PipedFileTest, AWriterWithoutEndIsLeft) {
  std::thread writer([this] {
    ::signal(SIGPIPE, SIG_IGN);
    const int out = ::open(pipe_.c_str(), O_WRONLY);
    const std::string block(1U << 20U, '#');
    while (::write(out, block.data(), block.size()) > 0) {
    }
    ::close(out);
  });
  const auto text = surroundings().read_file(pipe_);
  writer.join();
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error(), "is larger than 16 MiB");
}

TEST_F(PipedFileTest, ADescriptorThatIsOpenAlready) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  ::close(ends[1]);  // the writer of `<(command)` may have ended
  const fs::path path = "/dev/fd/" + std::to_string(ends[0]);
  EXPECT_TRUE(is_piped(path));
  const auto text = with_piped_file(corefile::real_surroundings(), path).read_file(path);
  ::close(ends[0]);
  ASSERT_TRUE(text) << text.error();
  EXPECT_EQ(*text, "x");
}

}  // namespace
}  // namespace nld::cli
