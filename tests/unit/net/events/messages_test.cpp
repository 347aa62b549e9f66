// Notifications as octets: what is read from them, and that none can lead beyond its end.
#include "net/events/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

namespace nld::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A message in a buffer of exactly its size, so that AddressSanitizer sees a read beyond it.
class Message {
 public:
  template <class Fixed>
  Message(int type, const Fixed& fixed) : octets_(NLMSG_HDRLEN) {
    header().nlmsg_type = static_cast<std::uint16_t>(type);
    append(&fixed, sizeof fixed);
  }
  Message& attribute(int type, std::string_view value, bool terminated = true) {
    nlattr head{};
    head.nla_type = static_cast<std::uint16_t>(type);
    head.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + value.size() + (terminated ? 1 : 0));
    const std::size_t at = octets_.size();
    octets_.resize(at + aligned(head.nla_len));
    std::memcpy(octets_.data() + at, &head, sizeof head);
    std::memcpy(octets_.data() + at + sizeof(nlattr), value.data(), value.size());
    return finish();
  }
  [[nodiscard]] const std::vector<std::byte>& octets() const { return octets_; }

 private:
  static std::size_t aligned(std::size_t size) { return (size + 3) / 4 * 4; }
  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(octets_.data()); }
  void append(const void* data, std::size_t size) {
    const std::size_t at = octets_.size();
    octets_.resize(at + aligned(size));
    std::memcpy(octets_.data() + at, data, size);
    finish();
  }
  Message& finish() {
    header().nlmsg_len = static_cast<std::uint32_t>(octets_.size());
    return *this;
  }

  std::vector<std::byte> octets_;
};

Message link_message(int type, const char* name, unsigned char family = AF_UNSPEC) {
  ifinfomsg fixed{};
  fixed.ifi_family = family;
  fixed.ifi_index = 7;
  return Message(type, fixed).attribute(IFLA_IFNAME, name);
}
int nft(int type) {
  return (NFNL_SUBSYS_NFTABLES << 8) | type;
}
nfgenmsg ipv4() {
  return {.nfgen_family = AF_INET, .version = 0, .res_id = 0};
}

/// What both readers say about all messages of a datagram.
std::vector<std::string> read(const std::vector<std::byte>& datagram) {
  std::vector<std::string> out;
  for_each_message(datagram, [&](const nlmsghdr& message) {
    if (const auto change = read_route_change(message)) {
      static constexpr std::array kKinds{"link", "gone", "address"};
      out.push_back(std::string(kKinds[static_cast<std::size_t>(change->kind)]) + " " +
                    std::to_string(change->index) + " " + std::string(change->name));
    }
    if (const auto change = read_rule_change(message)) {
      out.push_back("rule " + std::string(change->table) + " " + std::string(change->chain));
    }
  });
  return out;
}
std::vector<std::string> read(const Message& message) {
  return read(message.octets());
}

TEST(Notification, OfALinkNamesIt) {
  EXPECT_THAT(read(link_message(RTM_NEWLINK, "nodelocaldns")), ElementsAre("link 7 nodelocaldns"));
  EXPECT_THAT(read(link_message(RTM_DELLINK, "nodelocaldns")), ElementsAre("gone 7 nodelocaldns"));
}

TEST(Notification, OfABridgePortIsPassedOver) {
  EXPECT_THAT(read(link_message(RTM_DELLINK, "nodelocaldns", AF_BRIDGE)), IsEmpty());
}

TEST(Notification, OfAnAddressHasItsLinksIndex) {
  ifaddrmsg fixed{};
  fixed.ifa_family = AF_INET6;
  fixed.ifa_index = 12;
  EXPECT_THAT(read(Message(RTM_NEWADDR, fixed)), ElementsAre("address 12 "));
  EXPECT_THAT(read(Message(RTM_DELADDR, fixed)), ElementsAre("address 12 "));
}

TEST(Notification, OfNftablesNamesTableAndChain) {
  EXPECT_THAT(read(Message(nft(NFT_MSG_NEWTABLE), ipv4()).attribute(NFTA_TABLE_NAME, "nat")),
              ElementsAre("rule nat "));
  EXPECT_THAT(read(Message(nft(NFT_MSG_DELCHAIN), ipv4())
                       .attribute(NFTA_CHAIN_TABLE, "nat")
                       .attribute(NFTA_CHAIN_HANDLE, "1234567")
                       .attribute(NFTA_CHAIN_NAME, "NODE-LOCAL-DNS")),
              ElementsAre("rule nat NODE-LOCAL-DNS"));
  EXPECT_THAT(read(Message(nft(NFT_MSG_DELRULE), ipv4())
                       .attribute(NFTA_RULE_TABLE, "raw")
                       .attribute(NFTA_RULE_CHAIN, "OUTPUT")),
              ElementsAre("rule raw OUTPUT"));
  EXPECT_THAT(read(Message(nft(NFT_MSG_NEWSET), ipv4())
                       .attribute(NFTA_SET_TABLE, "nat")
                       .attribute(NFTA_SET_NAME, "steered")),
              ElementsAre("rule nat "));
}

TEST(Notification, OfADestroyedRuleCountsToo) {
  constexpr int kDestroyRule = 28;  // NFT_MSG_DESTROYRULE of kernel 6.3
  EXPECT_THAT(read(Message(nft(kDestroyRule), ipv4())
                       .attribute(NFTA_RULE_TABLE, "raw")
                       .attribute(NFTA_RULE_CHAIN, "OUTPUT")),
              ElementsAre("rule raw OUTPUT"));
}

TEST(Notification, OfSetElementsGenerationsAndOtherSubsystemsIsPassedOver) {
  for (const int type : {nft(NFT_MSG_NEWSETELEM), nft(NFT_MSG_DELSETELEM), nft(NFT_MSG_NEWGEN),
                         (NFNL_SUBSYS_CTNETLINK << 8) | NFT_MSG_NEWRULE, static_cast<int>(RTM_NEWROUTE)}) {
    EXPECT_THAT(read(Message(type, ipv4()).attribute(NFTA_SET_ELEM_LIST_TABLE, "nat")), IsEmpty()) << type;
  }
}

TEST(Notification, ManyComeInOneDatagram) {
  auto octets = link_message(RTM_NEWLINK, "one").octets();
  const auto second = link_message(RTM_DELLINK, "two").octets();
  octets.insert(octets.end(), second.begin(), second.end());
  EXPECT_THAT(read(octets), ElementsAre("link 7 one", "gone 7 two"));
}

TEST(Notification, CutShortSaysNothing) {
  const auto whole = Message(nft(NFT_MSG_NEWRULE), ipv4())
                         .attribute(NFTA_RULE_TABLE, "nat")
                         .attribute(NFTA_RULE_CHAIN, "PREROUTING")
                         .octets();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}), IsEmpty()) << size;
  }
}

// The header tells the truth about the datagram, the attributes within do not.
TEST(Notification, WithALyingAttributeYieldsNoName) {
  for (const std::uint16_t length :
       {std::uint16_t{0}, std::uint16_t{3}, std::uint16_t{200}, std::uint16_t{0xffff}}) {
    auto octets = link_message(RTM_NEWLINK, "nodelocaldns").octets();
    std::memcpy(octets.data() + NLMSG_HDRLEN + sizeof(ifinfomsg), &length, sizeof length);
    EXPECT_THAT(read(octets), ElementsAre("link 7 ")) << length;
  }
}

TEST(Notification, WithoutRoomForItsFixedPartIsPassedOver) {
  for (const int type :
       {static_cast<int>(RTM_NEWLINK), static_cast<int>(RTM_NEWADDR), nft(NFT_MSG_NEWRULE)}) {
    auto octets = Message(type, std::uint16_t{0}).octets();
    const std::uint32_t length = NLMSG_HDRLEN + 2;
    octets.resize(length);
    std::memcpy(octets.data(), &length, sizeof length);
    EXPECT_THAT(read(octets), IsEmpty()) << type;
  }
}

TEST(Notification, NameWithoutItsNullEndsWithTheAttribute) {
  ifinfomsg fixed{};
  fixed.ifi_index = 7;
  EXPECT_THAT(read(Message(RTM_NEWLINK, fixed).attribute(IFLA_IFNAME, "eth0", false)),
              ElementsAre("link 7 eth0"));
}

}  // namespace
}  // namespace nld::net
