// Reading of /proc: a made-up one with known values, and our own.
#include "metrics/process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace nld::metrics {
namespace {

class MadeUpProc : public testing::Test {
 protected:
  MadeUpProc() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nld-proc-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(root_ / "self/fd");
  }
  ~MadeUpProc() override { std::filesystem::remove_all(root_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(root_ / name) << text; }
  std::filesystem::path root_;
};

TEST_F(MadeUpProc, IsReadWhateverTheCommandIsCalled) {
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  write("self/stat",
        "42 (a ) b (c) S 1 2 3 4 5 6 7 8 9 10 300 200 0 0 20 0 8 0 500 1000000 25 18446744073709551615\n");
  write("stat", "cpu 1 2 3\nbtime 1700000000\nprocesses 9\n");
  for (const char* fd : {"self/fd/0", "self/fd/1", "self/fd/2"}) write(fd, "");
  const ProcessFacts facts = read_process_facts(root_);
  EXPECT_DOUBLE_EQ(facts.cpu_seconds.value(), 500 / ticks);
  EXPECT_DOUBLE_EQ(facts.start_time_seconds.value(), 1700000000 + 500 / ticks);
  EXPECT_DOUBLE_EQ(facts.virtual_bytes.value(), 1000000);
  EXPECT_DOUBLE_EQ(facts.resident_bytes.value(), 25.0 * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  EXPECT_DOUBLE_EQ(facts.open_fds.value(), 2) << "the one that reads the directory is not counted";
}

TEST_F(MadeUpProc, LeavesOutWhatCannotBeRead) {
  write("self/stat", "42 (cut) S 1 2");
  std::filesystem::remove(root_ / "self/fd");
  const ProcessFacts facts = read_process_facts(root_);
  EXPECT_FALSE(facts.cpu_seconds);
  EXPECT_FALSE(facts.start_time_seconds);
  EXPECT_FALSE(facts.resident_bytes);
  EXPECT_FALSE(facts.open_fds);
  EXPECT_TRUE(facts.max_fds);
}

TEST(Process, CountsItsOpenDescriptors) {
  const auto before = read_process_facts().open_fds.value();
  const int fd = ::dup(0);
  ASSERT_GE(fd, 0);
  EXPECT_DOUBLE_EQ(read_process_facts().open_fds.value(), before + 1);
  ::close(fd);
  EXPECT_GT(read_process_facts().resident_bytes.value(), 4096);
}

}  // namespace
}  // namespace nld::metrics
