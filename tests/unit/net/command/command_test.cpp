// Programs run to their end, or are ended; what reaches them, and what is left behind.
#include "net/command.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "net/repair.hpp"
#include "runtime/descriptor.hpp"

namespace nld::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Commands : public testing::Test {
 protected:
  CommandResult shell(const std::string& script, std::string_view input = {}) {
    auto result = commands_.run({"sh", "-c", script}, input);
    EXPECT_TRUE(result) << (result ? "" : result.error());
    return result.value_or(CommandResult{.status = -1, .out = {}, .error = {}});
  }
  /// No child is left, dead or alive.
  void TearDown() override {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

  SystemCommands commands_{std::chrono::seconds(20)};
};

TEST_F(Commands, OutputErrorAndStatus) {
  const auto result = shell("echo out; echo error >&2; exit 3");
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.error, "error\n");
}

TEST_F(Commands, ASignalIsAStatus) {
  EXPECT_EQ(shell("kill -TERM $$").status, 128 + SIGTERM);
}

TEST_F(Commands, InputAndOutputLargerThanAPipe) {
  const std::string input(3'000'000, 'x');
  EXPECT_EQ(shell("cat", input).out, input);
  EXPECT_EQ(shell("cat >&2", input).error, input);
}

TEST_F(Commands, InputThatNobodyReads) {
  EXPECT_EQ(shell("exit 0", std::string(3'000'000, 'x')).status, 0);
  EXPECT_EQ(shell("cat").out, "");
}

TEST_F(Commands, ArgumentsAsTheyAre) {
  const auto result = commands_.run({"printf", "%s|", "a b", "", "$HOME", "\"q\""}, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->out, "a b||$HOME|\"q\"|");
}

TEST_F(Commands, AProgramThatIsNotThere) {
  for (const char* name : {"no-such-program-here", "/no/such/program"}) {
    const auto result = commands_.run({name}, {});
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error(), StartsWith(name));
  }
  EXPECT_FALSE(commands_.run({}, {}));
}

TEST_F(Commands, FoundInSbinWithoutAPath) {
  const std::string before = ::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto result = commands_.run({"ldconfig", "--version"}, {});
  ::setenv("PATH", before.c_str(), 1);
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->status, 0);
}

TEST_F(Commands, TimeIsUp) {
  SystemCommands hasty(std::chrono::milliseconds(100));
  const auto result = hasty.run({"sh", "-c", "trap '' TERM; sleep 60; sleep 60"}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), "sh: took longer than 100 ms and was killed");
}

// The children of a killed program are killed too: they hold the xtables lock, or a pipe.
TEST_F(Commands, TimeIsUpForItsChildrenToo) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const runtime::Descriptor read(ends[0]);
  runtime::Descriptor write(ends[1]);
  SystemCommands hasty(std::chrono::milliseconds(1000));
  const std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(write.get());
  ASSERT_FALSE(hasty.run({"sh", "-c", "exec 3>" + path + "; echo here >&3; sleep 60 & wait"}, {}));
  write = runtime::Descriptor();
  std::array<char, 16> text{};
  ASSERT_EQ(::read(read.get(), text.data(), text.size()), 5) << "it did not come so far";
  // Killed, not waited for: the end of the pipe comes when the kernel is done with it.
  pollfd end{.fd = read.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&end, 1, 10'000), 1) << "somebody still has the pipe open";
  EXPECT_EQ(::read(read.get(), text.data(), text.size()), 0);
}

TEST_F(Commands, AGrandchildWithThePipesIsNotWaitedFor) {
  const auto result = shell("sleep 60 & echo $!");
  EXPECT_EQ(result.status, 0);
  const pid_t grandchild = std::atoi(result.out.c_str());
  ASSERT_GT(grandchild, 1);
  EXPECT_EQ(::kill(grandchild, SIGKILL), 0);
}

TEST_F(Commands, TooMuchOutput) {
  const auto result = commands_.run({"sh", "-c", "exec cat /dev/zero"}, {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error(), HasSubstr("64 MiB"));
}

TEST_F(Commands, NoDescriptorReachesIt) {
  const runtime::Descriptor leaky(::open("/dev/null", O_RDONLY));
  ASSERT_GT(leaky.get(), STDERR_FILENO);
  // The fourth is ls's own.
  EXPECT_EQ(shell("exec ls /proc/self/fd").out, "0\n1\n2\n3\n");
}

TEST_F(Commands, StandardDescriptorsMayBeClosed) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int fd = 0; fd <= STDERR_FILENO; ++fd) ::close(fd);
    const auto result = commands_.run({"sh", "-c", "cat; echo error >&2"}, "input");
    ::_exit(result && result->out == "input" && result->error == "error\n" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Commands, SignalsAreAsInTheBeginning) {
  sigset_t some;
  sigset_t before;
  ::sigemptyset(&some);
  ::sigaddset(&some, SIGTERM);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &some, &before), 0);
  auto* const handler = ::signal(SIGPIPE, SIG_IGN);
  const std::string blocked = shell("exec sed -n 's/SigBlk://p' /proc/self/status").out;
  const std::string ignored = shell("exec sed -n 's/SigIgn://p' /proc/self/status").out;
  ::signal(SIGPIPE, handler);
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(std::stoull(blocked, nullptr, 16), 0U);
  // Beyond the standard ones are glibc's own (32 and 33), which posix_spawn ignores.
  EXPECT_EQ(std::stoull(ignored, nullptr, 16) & 0x7fffffffU, 0U);
}

TEST_F(Commands, TheLocaleIsC) {
  ::setenv("LC_ALL", "de_DE.UTF-8", 1);
  ::setenv("NLD_TEST_VALUE", "kept", 1);
  const std::string out = shell("echo $LC_ALL $NLD_TEST_VALUE").out;
  ::unsetenv("LC_ALL");
  ::unsetenv("NLD_TEST_VALUE");
  EXPECT_EQ(out, "C kept\n");
}

// nft -f - and the like open the standard input anew.
TEST_F(Commands, InputCanBeOpenedByName) {
  EXPECT_EQ(shell("cat /dev/stdin", "by name").out, "by name");
}

TEST(RepairWords, AreWhatStatusShows) {
  EXPECT_EQ(to_string(Repair::Kind::interface), "interface");
  EXPECT_EQ(to_string(Repair::Kind::address), "address");
  EXPECT_EQ(to_string(Repair::Kind::link), "link");
  EXPECT_EQ(to_string(Repair::Kind::iptables), "iptables");
  EXPECT_EQ(to_string(Repair::Kind::nftables), "nftables");
  EXPECT_EQ(to_string(Fault::missing), "missing");
  EXPECT_EQ(to_string(Fault::duplicated), "duplicated");
  EXPECT_EQ(to_string(Fault::altered), "altered");
  EXPECT_EQ(to_string(Fault::out_of_order), "out of order");
  EXPECT_EQ(to_string(Fault::stale), "stale");
}

// Each waits for the other at a named pipe.
TEST_F(Commands, WhatIsBegunRunsBesideOthers) {
  const std::string pipe = testing::TempDir() + "/ahead." + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::vector<std::string> reader{"cat", pipe};
  ReadAhead ahead(commands_);
  ahead.begin(reader);
  EXPECT_EQ(shell("echo met >" + pipe).status, 0);
  const auto read = commands_.run(reader, {});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->out, "met\n");
  ::unlink(pipe.c_str());
}

TEST_F(Commands, WhatIsBegunIsTakenOnce) {
  const std::string file = testing::TempDir() + "/once." + std::to_string(::getpid());
  const std::vector<std::string> append{"sh", "-c", "echo x >>" + file};
  ReadAhead ahead(commands_);
  ahead.begin(append);
  ahead.begin(append);
  ASSERT_TRUE(commands_.run(append, {}));
  EXPECT_EQ(shell("cat " + file).out, "x\n");
  ASSERT_TRUE(commands_.run(append, {}));
  EXPECT_EQ(shell("cat " + file).out, "x\nx\n");
  ::unlink(file.c_str());
}

TEST_F(Commands, WhatNobodyTakesIsEnded) {
  const std::vector<std::string> sleeper{"sleep", "100"};
  {
    ReadAhead ahead(commands_);
    ahead.begin(sleeper);
    ahead.begin({"no-such-program-here"});
    ahead.begin({});
  }
  TearDown();
  EXPECT_FALSE(commands_.run({"no-such-program-here"}, {}));
  EXPECT_TRUE(commands_.installed("sleep"));
  EXPECT_FALSE(commands_.installed("no-such-program-here"));
}

}  // namespace
}  // namespace nld::net
