// Agents that see each other, and the report that `status` reads.
#include "agent/presence.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <thread>

namespace nld::agent {
namespace {

TEST(Presence, NamesAreReadFromTheKernelsList) {
  const std::string text =
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 101 /run/systemd/notify\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 102 "
      "@node-local-dns/nodelocaldns/000000000020.5-7\n"
      "0000000000000000: 00000003 00000000 00000000 0001 03 103 "
      "@node-local-dns/nodelocaldns/000000000020.5-7\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 104 "
      "@node-local-dns/nodelocaldns/000000000003.1-9\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 105 @node-local-dns/other/000000000001.1-1\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 106\n";
  EXPECT_EQ(parse_agents(text, "nodelocaldns"),
            (std::vector<std::string>{"node-local-dns/nodelocaldns/000000000003.1-9",
                                      "node-local-dns/nodelocaldns/000000000020.5-7"}));
  EXPECT_TRUE(parse_agents("", "nodelocaldns").empty());
}

TEST(Presence, TheLastToLeaveKnows) {
  boost::asio::io_context loop;
  const std::string interface = "test" + std::to_string(::getpid());
  auto first = Presence::announce(loop, interface, [] { return std::string(); });
  ASSERT_TRUE(first) << first.error();
  EXPECT_FALSE(first->others());
  {
    auto second = Presence::announce(loop, interface, [] { return std::string(); });
    ASSERT_TRUE(second) << second.error();
    EXPECT_TRUE(first->others());
    EXPECT_TRUE(second->others());
    EXPECT_TRUE(first->superseded());
    EXPECT_FALSE(second->superseded());
    first->leave();
    EXPECT_FALSE(second->others());
  }
  EXPECT_TRUE(agents_of(interface).empty());
}

TEST(Presence, ReportsToWhoAsks) {
  boost::asio::io_context loop;
  const std::string interface = "ask" + std::to_string(::getpid());
  const std::string report(200'000, 'x');  // larger than a socket's buffer
  auto presence = Presence::announce(loop, interface, [&] { return report; });
  ASSERT_TRUE(presence) << presence.error();
  auto answer = std::async(std::launch::async, [&] { return ask_agent(agents_of(interface).back()); });
  while (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    loop.run_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(answer.get(), report);
  EXPECT_FALSE(ask_agent("node-local-dns/nobody/1"));
}

}  // namespace
}  // namespace nld::agent
