// Real processes: started, watched, found again by their mark.
#include "agent/system_launcher.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "runtime/asio_clock.hpp"

namespace nld::agent {
namespace {

using std::chrono::milliseconds;

class LauncherTest : public testing::Test {
 protected:
  SystemLauncher launcher(std::vector<std::string> argv, std::string version = "1") {
    return {loop_,
            clock_,
            {.program = argv[0], .argv = argv, .interface = interface_, .version = std::move(version)}};
  }
  std::string wait_for_end() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!how_ && std::chrono::steady_clock::now() < deadline) {
      loop_.restart();
      loop_.run_for(milliseconds(5));
    }
    return how_.value_or("still running");
  }
  ExitHandler note() {
    return [this](const std::string& how) { how_ = how; };
  }

  boost::asio::io_context loop_;
  runtime::AsioClock clock_{loop_};
  std::string interface_ = "t" + std::to_string(::getpid());
  std::optional<std::string> how_;
};

TEST_F(LauncherTest, TellsHowAProcessEnded) {
  auto exits = launcher({"sh", "-c", "exit 3"});
  const auto first = exits.launch(note());
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(wait_for_end(), "exited with 3");
  how_.reset();
  auto sleeps = launcher({"sleep", "60"});
  const auto second = sleeps.launch(note());
  ASSERT_TRUE(second);
  (*second)->signal(SIGKILL);
  EXPECT_EQ(wait_for_end(), "killed by signal 9");
  (*second)->signal(SIGKILL);  // harmless
}

TEST_F(LauncherTest, AProgramThatIsNotThereIsAnError) {
  auto none = launcher({"no-such-dns-server"});
  const auto started = none.launch(note());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error(), "cannot start no-such-dns-server: No such file or directory");
}

TEST_F(LauncherTest, TheChildHasASessionOfItsOwnAndNoDescriptorOfOurs) {
  const auto folder = std::filesystem::temp_directory_path() / ("nld-launcher-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  // The event loop, the pidfd: what this process has open must not reach the server.
  const std::string out_file = (folder / "out").string();
  auto looks = launcher({"sh", "-c",
                         "ls -l /proc/$$/fd | grep -c anon_inode > " + out_file +
                             "; cut -d' ' -f6 /proc/$$/stat >> " + out_file + "; echo $$ >> " + out_file});
  const auto started = looks.launch(note());
  ASSERT_TRUE(started);
  EXPECT_EQ(wait_for_end(), "exited with 0");
  std::ifstream out(folder / "out");
  int descriptors = -1;
  int session = 0;
  int pid = 0;
  out >> descriptors >> session >> pid;
  EXPECT_EQ(descriptors, 0);
  EXPECT_EQ(session, pid);
  std::filesystem::remove_all(folder);
}

TEST_F(LauncherTest, AServerThatCanTellItselfIsGivenAWord) {
  const auto environment_of = [](pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/environ");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  SystemLauncher names(loop_, clock_,
                       {.program = "sleep",
                        .argv = {"sleep", "60"},
                        .interface = interface_,
                        .version = "1",
                        .tells_itself = true});
  const auto first = names.launch([](const std::string&) {});
  const auto second = names.launch([](const std::string&) {});
  ASSERT_TRUE(first && second);
  const std::string word = (*first)->instance();
  EXPECT_EQ(word.size(), 16U);
  EXPECT_NE(word, (*second)->instance());
  EXPECT_NE(environment_of((*first)->pid()).find("NODE_LOCAL_DNS_INSTANCE=" + word), std::string::npos);
  auto plain = launcher({"sleep", "60"});
  const auto other = plain.launch(note());
  ASSERT_TRUE(other);
  EXPECT_TRUE((*other)->instance().empty());
  EXPECT_EQ(environment_of((*other)->pid()).find("NODE_LOCAL_DNS_INSTANCE"), std::string::npos);
  for (const auto* process : {&first, &second, &other}) (**process)->signal(SIGKILL);
  EXPECT_EQ(wait_for_end(), "killed by signal 9");
}

/// A "former agent": a child of the test that starts a server and dies.
pid_t leave_orphan(const std::string& interface, const std::string& version) {
  int channel[2];
  EXPECT_EQ(::pipe(channel), 0);
  const pid_t agent = ::fork();
  if (agent == 0) {
    boost::asio::io_context loop;
    runtime::AsioClock clock(loop);
    SystemLauncher launcher(
        loop, clock,
        {.program = "sleep", .argv = {"sleep", "60"}, .interface = interface, .version = version});
    const auto started = launcher.launch([](const std::string&) {});
    const pid_t pid = started ? (*started)->pid() : 0;
    if (::write(channel[1], &pid, sizeof pid) < 0) ::_exit(1);
    ::_exit(0);
  }
  pid_t server = 0;
  EXPECT_EQ(::read(channel[0], &server, sizeof server), static_cast<ssize_t>(sizeof server));
  ::close(channel[0]);
  ::close(channel[1]);
  int status = 0;
  EXPECT_EQ(::waitpid(agent, &status, 0), agent);
  return server;
}

TEST_F(LauncherTest, FindsWhatADeadAgentLeft) {
  const pid_t server = leave_orphan(interface_, "1");
  ASSERT_GT(server, 0);
  auto same = launcher({"sleep", "60"});
  auto found = same.find_orphan(note());
  ASSERT_TRUE(found.process);
  EXPECT_EQ(found.process->pid(), server);
  EXPECT_TRUE(found.process->adopted());
  EXPECT_TRUE(found.same_command);
  const auto age = std::chrono::system_clock::now() - found.process->started();
  EXPECT_LT(age, std::chrono::minutes(1));
  EXPECT_GT(age, -std::chrono::seconds(2));

  auto newer = launcher({"sleep", "60"}, "2");
  EXPECT_FALSE(newer.find_orphan([](const std::string&) {}).same_command);
  found.process->signal(SIGTERM);
  EXPECT_EQ(wait_for_end(), "ended");
}

TEST_F(LauncherTest, LeavesAloneWhatIsNotItsOwn) {
  auto living = launcher({"sleep", "60"});
  const auto child = living.launch(note());
  ASSERT_TRUE(child);
  EXPECT_FALSE(living.find_orphan(note()).process) << "its agent lives";
  const pid_t other = leave_orphan(interface_ + "x", "1");
  EXPECT_FALSE(living.find_orphan(note()).process) << "another interface";
  ::kill(other, SIGKILL);
  (*child)->signal(SIGKILL);
  EXPECT_EQ(wait_for_end(), "killed by signal 9");
}

}  // namespace
}  // namespace nld::agent
