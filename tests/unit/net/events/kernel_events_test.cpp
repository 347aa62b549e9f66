// Events of a real kernel: links, addresses and nftables changed by the system's programs.
#include "net/kernel_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "unit/net/link/own_network.hpp"

namespace nld::net {
namespace {

using testing::Contains;
using testing::IsEmpty;

std::string text(const KernelEvent& event) {
  static constexpr std::array kKinds{"link", "address", "rule", "overrun"};
  std::string out = kKinds[static_cast<std::size_t>(event.kind)];
  for (const std::string_view part : {event.name, event.chain}) {
    if (!part.empty()) out.append(" ").append(part);
  }
  return out;
}

/// To fill those of 8 MiB takes seconds on a busy machine: the kernel lets the sender yield for each message
/// that a listener's half full buffer takes.
void shrink_buffers() {
  for (int fd = 0; fd < 1024; ++fd) {
    int domain = 0;
    socklen_t size = sizeof domain;
    if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_NETLINK) continue;
    const int small = 16 << 10;
    ASSERT_EQ(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  }
}

class Events : public NetworkTest {
 protected:
  void SetUp() override {
    NetworkTest::SetUp();
    if (!IsSkipped()) listen();
  }
  void listen() {
    auto opened =
        KernelEvents::open(loop_, [this](const KernelEvent& event) { seen_.push_back(text(event)); });
    ASSERT_TRUE(opened) << opened.error();
    events_ = std::move(*opened);
  }
  /// All that the kernel tells after a command: a link of another name ends it.
  std::vector<std::string> after(const std::string& command) {
    const std::string marker = "mark" + std::to_string(++marks_);
    if (!command.empty()) run(command);
    run("ip link add " + marker + " type ifb");
    wait_for("link " + marker);
    // The other socket may still have some.
    while (loop_.poll_one() > 0) {
    }
    std::erase_if(seen_, [](const std::string& one) { return one.starts_with("link mark"); });
    return std::exchange(seen_, {});
  }
  void wait_for(const std::string& event) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::ranges::find(seen_, event) == seen_.end()) {
      const auto left = end - std::chrono::steady_clock::now();
      ASSERT_GT(left.count(), 0) << "no " << event;
      loop_.run_one_for(left);
    }
  }

  boost::asio::io_context loop_;
  std::vector<std::string> seen_;
  std::optional<KernelEvents> events_;
  int marks_ = 0;
};

TEST_F(Events, MissNothing) {
  EXPECT_EQ(events_->missing(), "");
}

TEST_F(Events, OfLinks) {
  EXPECT_THAT(after("ip link add nodelocaldns type ifb"), Contains("link nodelocaldns"));
  EXPECT_THAT(after("ip link set nodelocaldns up"), Contains("link nodelocaldns"));
  EXPECT_THAT(after("ip link set nodelocaldns down"), Contains("link nodelocaldns"));
  EXPECT_THAT(after("ip link del nodelocaldns"), Contains("link nodelocaldns"));
}

TEST_F(Events, OfAddressesOfBothFamilies) {
  after("ip link add nodelocaldns type ifb; ip link set nodelocaldns addrgenmode none up");
  EXPECT_THAT(after("ip addr add 169.254.20.10/32 dev nodelocaldns"), Contains("address nodelocaldns"));
  EXPECT_THAT(after("ip addr del 169.254.20.10/32 dev nodelocaldns"), Contains("address nodelocaldns"));
  // From the kernel's work queue, a moment after the request was answered: no marker comes behind it.
  run("ip addr add fd00::a/128 dev nodelocaldns nodad");
  wait_for("address nodelocaldns");
  after("");
  EXPECT_THAT(after("ip addr del fd00::a/128 dev nodelocaldns"), Contains("address nodelocaldns"));
}

TEST_F(Events, OfAddressesFollowARenamedLink) {
  after("ip link add before type ifb; ip addr add 169.254.20.10/32 dev before");
  EXPECT_THAT(after("ip link set before name after; ip addr del 169.254.20.10/32 dev after"),
              Contains("address after"));
}

// Told when the link has gone already: the name is known from the link's own message.
TEST_F(Events, OfAddressesOfADeletedLinkKeepItsName) {
  after("ip link add nodelocaldns type ifb; ip addr add 169.254.20.10/32 dev nodelocaldns");
  EXPECT_THAT(after("ip link del nodelocaldns"), Contains("address nodelocaldns"));
}

TEST_F(Events, OfRulesMadeByNft) {
  EXPECT_THAT(after("nft add table ip node-local-dns"), Contains("rule node-local-dns"));
  EXPECT_THAT(after("nft add chain ip node-local-dns steer"), Contains("rule node-local-dns steer"));
  EXPECT_THAT(after("nft add rule ip node-local-dns steer accept"), Contains("rule node-local-dns steer"));
  EXPECT_THAT(after("nft flush chain ip node-local-dns steer"), Contains("rule node-local-dns steer"));
  EXPECT_THAT(after("nft delete table ip node-local-dns"), Contains("rule node-local-dns"));
}

TEST_F(Events, OfRulesMadeByIptablesNft) {
  EXPECT_THAT(after("iptables-nft -w -t nat -N NODE-LOCAL-DNS"), Contains("rule nat NODE-LOCAL-DNS"));
  EXPECT_THAT(after("iptables-nft -w -t nat -A NODE-LOCAL-DNS -j RETURN"),
              Contains("rule nat NODE-LOCAL-DNS"));
  EXPECT_THAT(after("iptables-nft -w -t nat -F NODE-LOCAL-DNS"), Contains("rule nat NODE-LOCAL-DNS"));
  EXPECT_THAT(after("ip6tables-nft -w -t raw -A OUTPUT -j ACCEPT"), Contains("rule raw OUTPUT"));
}

TEST_F(Events, OfSetsButNotOfTheirElements) {
  EXPECT_THAT(after("nft add table ip t; nft add set ip t s { type ipv4_addr\\; }"), Contains("rule t"));
  EXPECT_THAT(after("nft add element ip t s { 10.0.0.1 }"), IsEmpty());
}

TEST_F(Events, OfAnotherNamespaceAreNotHeard) {
  const OwnNetwork other;
  ASSERT_TRUE(other.entered());
  run("ip link add elsewhere type ifb");
  run("ip link del elsewhere");
  EXPECT_EQ(loop_.poll(), 0U);
  EXPECT_THAT(seen_, IsEmpty());
}

TEST_F(Events, LostOnesAreReportedAndLaterOnesCome) {
  after("ip link add nodelocaldns type ifb");
  shrink_buffers();
  // Several times the buffer while nobody reads.
  run("for n in $(seq 100); do echo link set nodelocaldns mtu 1400; echo link set nodelocaldns mtu 1500; "
      "done "
      "| ip -batch -");
  wait_for("overrun");
  // The kernel goes on dropping, without a word, until all that it kept has been read.
  loop_.poll();
  EXPECT_THAT(seen_.front(), "overrun");
  EXPECT_THAT(seen_.back(), "overrun");
  EXPECT_EQ(std::ranges::count(seen_, "overrun"), 2);
  seen_.clear();
  EXPECT_THAT(after("ip link set nodelocaldns up"), Contains("link nodelocaldns"));
  EXPECT_THAT(after("ip addr add 10.0.0.1/32 dev nodelocaldns"), Contains("address nodelocaldns"));
}

TEST_F(Events, EndWithTheirOwner) {
  run("ip link add nodelocaldns type ifb");
  events_.reset();
  run("ip link del nodelocaldns");
  loop_.run_for(std::chrono::seconds(5));  // returns at once: nothing is left to wait for
  EXPECT_TRUE(loop_.stopped());
  EXPECT_THAT(seen_, IsEmpty());
}

TEST_F(Events, EndWithinTheirHandler) {
  int calls = 0;
  auto opened = KernelEvents::open(loop_, [&](const KernelEvent&) {
    ++calls;
    events_.reset();
  });
  ASSERT_TRUE(opened);
  events_ = std::move(*opened);
  // Several datagrams, read at one wake-up.
  run("ip link add nodelocaldns type ifb; ip addr add 10.0.0.1/32 dev nodelocaldns; ip link del "
      "nodelocaldns");
  loop_.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(loop_.stopped());
  EXPECT_EQ(calls, 1);
}

// nftables reports a transaction in one datagram.
TEST_F(Events, EndWithinADatagram) {
  int calls = 0;
  auto opened = KernelEvents::open(loop_, [&](const KernelEvent&) {
    ++calls;
    events_.reset();
  });
  ASSERT_TRUE(opened);
  events_ = std::move(*opened);
  run("nft \"add table ip t; add chain ip t c; add rule ip t c accept; add rule ip t c drop\"");
  loop_.run_for(std::chrono::seconds(5));
  EXPECT_EQ(calls, 1);
}

TEST_F(Events, MovedOnesGoOn) {
  KernelEvents moved = std::move(*events_);
  events_.reset();
  events_ = std::move(moved);
  EXPECT_THAT(after("ip link add nodelocaldns type ifb"), Contains("link nodelocaldns"));
}

TEST_F(Events, WithoutPrivilegesAreThoseOfLinks) {
  const int status = run_as_nobody([] {
    boost::asio::io_context loop;
    const auto opened = KernelEvents::open(loop, [](const KernelEvent&) {});
    if (!opened) return 1;
    return opened->missing().starts_with("no events of nftables rules: ") ? 0 : 2;
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace nld::net
