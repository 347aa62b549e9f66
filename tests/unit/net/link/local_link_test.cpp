// The interface in a real kernel: made, looked at, damaged and mended, refused, removed.
#include "net/link/local_link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "net/link/kind.hpp"
#include "net/link/route_socket.hpp"
#include "unit/net/link/own_network.hpp"

namespace nld::net {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

const std::string kName = "nodelocaldns";

runtime::SocketAddress ip(const char* text) {
  return runtime::SocketAddress::from_ip(text, 53).value();
}

std::vector<std::string> texts(const std::vector<Repair>& repairs) {
  std::vector<std::string> out;
  for (const auto& repair : repairs) {
    static constexpr std::array kFaults{"missing", "duplicated", "altered", "out of order", "stale"};
    out.push_back(repair.what + " (" + kFaults[static_cast<std::size_t>(repair.fault)] + ")");
  }
  return out;
}

class Link : public NetworkTest {
 protected:
  static LocalLink both() {
    return LocalLink(kName, {ip("169.254.20.10"), ip("10.96.0.10"), ip("fd00:90::a")});
  }
  static std::vector<std::string> ensure(LocalLink& link) {
    auto done = link.ensure();
    if (!done) return {"failed: " + done.error().what};
    return texts(*done);
  }
  static std::vector<std::string> held(const LocalLink& link) {
    auto state = link.look();
    if (!state) return {"failed: " + state.error()};
    if (!*state) return {"no interface"};
    std::vector<std::string> out;
    if (!(*state)->up) out.emplace_back("down");
    for (const auto& address : (*state)->addresses) out.push_back(address.to_string());
    return out;
  }
  static auto all() { return UnorderedElementsAre("169.254.20.10:0", "10.96.0.10:0", "[fd00:90::a]:0"); }
};

TEST_F(Link, IsMadeWithItsAddresses) {
  LocalLink link = both();
  EXPECT_THAT(held(link), ElementsAre("no interface"));
  EXPECT_THAT(ensure(link), ElementsAre("interface nodelocaldns (missing)"));
  EXPECT_THAT(held(link), all());
  EXPECT_THAT(ensure(link), IsEmpty());
}

TEST_F(Link, HoldsAddressesThatNobodyTakesForASource) {
  LocalLink link = both();
  ASSERT_THAT(ensure(link), Not(IsEmpty()));
  EXPECT_THAT(
      run("ip -o addr show dev nodelocaldns"),
      AllOf(HasSubstr("inet 169.254.20.10/32 scope link nodelocaldns"),
            HasSubstr("inet 10.96.0.10/32 scope link"), HasSubstr("inet6 fd00:90::a/128 scope global"),
            Not(HasSubstr("fe80::")), HasSubstr("nodad"), Not(HasSubstr("tentative"))));
  EXPECT_THAT(run("ip -d -o link show dev nodelocaldns"),
              AllOf(HasSubstr("NOARP"), HasSubstr("UP"), Not(HasSubstr("MULTICAST"))));
}

TEST_F(Link, ItsAddressesCanBeBoundAtOnce) {
  LocalLink link = both();
  ASSERT_THAT(ensure(link), Not(IsEmpty()));
  for (const char* text : {"169.254.20.10", "10.96.0.10", "fd00:90::a"}) {
    const auto address = ip(text);
    const runtime::Descriptor socket(::socket(address.native()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(socket.get(), address.native(), address.native_size()), 0)
        << text << ": " << std::strerror(errno);
  }
}

TEST_F(Link, NamesTheStandInOfAKernelWithoutDummy) {
  LocalLink link = both();
  ASSERT_THAT(ensure(link), Not(IsEmpty()));
  const std::string kind = link.look().value().value().kind;
  EXPECT_THAT(kind, AnyOf("dummy", "ifb", "bridge"));
  EXPECT_EQ(link.stand_in(), kind == "dummy" ? std::nullopt : std::optional(kind));
}

struct Damage {
  const char* name;
  const char* command;
  std::vector<std::string> repairs;
};
class Damaged : public Link, public testing::WithParamInterface<Damage> {};

TEST_P(Damaged, IsMendedAndNamed) {
  LocalLink link = both();
  ASSERT_THAT(ensure(link), Not(IsEmpty()));
  run(GetParam().command);
  EXPECT_THAT(ensure(link), testing::UnorderedElementsAreArray(GetParam().repairs));
  EXPECT_THAT(held(link), all());
  const std::string addresses = run("ip -o addr show dev nodelocaldns");
  EXPECT_THAT(addresses, AllOf(HasSubstr("169.254.20.10/32"), HasSubstr("10.96.0.10/32"),
                               HasSubstr("fd00:90::a/128"), Not(HasSubstr("/24")), Not(HasSubstr("/64"))));
  EXPECT_THAT(ensure(link), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    By, Damaged,
    testing::Values(Damage{"Deletion", "ip link del nodelocaldns", {"interface nodelocaldns (missing)"}},
                    // The kernel drops IPv6 addresses of a link that goes down, and keeps those of IPv4.
                    Damage{"Down",
                           "ip link set nodelocaldns down",
                           {"interface nodelocaldns: down (altered)", "address fd00:90::a (missing)"}},
                    Damage{"AddressRemoved",
                           "ip addr del 169.254.20.10/32 dev nodelocaldns",
                           {"address 169.254.20.10 (missing)"}},
                    Damage{"AllAddressesRemoved",
                           "ip addr flush dev nodelocaldns",
                           {"address 169.254.20.10 (missing)", "address 10.96.0.10 (missing)",
                            "address fd00:90::a (missing)"}},
                    Damage{"OtherPrefix",
                           "ip addr del 169.254.20.10/32 dev nodelocaldns && "
                           "ip addr add 169.254.20.10/24 dev nodelocaldns",
                           {"address 169.254.20.10 (altered)"}},
                    Damage{"SecondPrefix",
                           "ip addr add 169.254.20.10/24 dev nodelocaldns",
                           {"address 169.254.20.10 (altered)"}},
                    Damage{"OtherPrefix6",
                           "ip addr del fd00:90::a/128 dev nodelocaldns && "
                           "ip addr add fd00:90::a/64 dev nodelocaldns nodad",
                           {"address fd00:90::a (altered)"}}),
    [](const auto& damage) { return std::string(damage.param.name); });

TEST_F(Link, AddressesOfOthersStay) {
  LocalLink link = both();
  ASSERT_THAT(ensure(link), Not(IsEmpty()));
  run("ip addr add 169.254.20.11/32 dev nodelocaldns; ip addr add fd00:90::b/128 dev nodelocaldns nodad");
  EXPECT_THAT(ensure(link), IsEmpty());
  EXPECT_THAT(held(link), UnorderedElementsAre("169.254.20.10:0", "169.254.20.11:0", "10.96.0.10:0",
                                               "[fd00:90::a]:0", "[fd00:90::b]:0"));
}

TEST_F(Link, AddressesOfOtherLinksDoNotCount) {
  run("ip link add kube-ipvs0 type ifb; ip link set kube-ipvs0 up; "
      "ip addr add 10.96.0.10/32 dev kube-ipvs0");
  LocalLink link = both();
  EXPECT_THAT(ensure(link), ElementsAre("interface nodelocaldns (missing)"));
  EXPECT_THAT(held(link), all());
}

TEST_F(Link, ThatExistsIsAdopted) {
  run("ip link add nodelocaldns type ifb; ip addr add 10.96.0.10/32 dev nodelocaldns");
  LocalLink link = both();
  EXPECT_THAT(ensure(link),
              UnorderedElementsAre("interface nodelocaldns: down (altered)",
                                   "address 169.254.20.10 (missing)", "address fd00:90::a (missing)"));
  EXPECT_THAT(held(link), all());
  EXPECT_EQ(link.stand_in(), "ifb");
}

TEST_F(Link, TheKernelsOwnAddressIsNotReported) {
  run("ip link add nodelocaldns type ifb; ip link set nodelocaldns up");
  ASSERT_THAT(run("ip -o addr show dev nodelocaldns"), HasSubstr("fe80::"));
  LocalLink link = both();
  ASSERT_THAT(ensure(link), Not(IsEmpty()));
  EXPECT_THAT(held(link), all());
}

TEST_F(Link, OfAnotherTypeIsRefused) {
  run("ip link add nodelocaldns type veth peer name other");
  LocalLink link = both();
  EXPECT_THAT(ensure(link), ElementsAre("failed: interface nodelocaldns is of type veth, not of type dummy: "
                                        "it is left alone"));
  EXPECT_EQ(link.remove(), false);
  EXPECT_EQ(link.look().value().value().kind, "veth");
  EXPECT_THAT(run("ip -o addr show dev nodelocaldns"), Not(HasSubstr("inet")));
}

TEST_F(Link, LoopbackIsRefused) {
  LocalLink link("lo", {ip("169.254.20.10")});
  EXPECT_THAT(ensure(link), ElementsAre(HasSubstr("interface lo is the loopback interface")));
  EXPECT_EQ(link.remove(), false);
  EXPECT_THAT(run("ip -o addr show dev lo"), Not(HasSubstr("169.254.20.10")));
}

TEST_F(Link, BridgeIsOursOnlyIfWeMadeIt) {
  run("ip link add nodelocaldns type bridge");
  LocalLink link = both();
  EXPECT_THAT(ensure(link), ElementsAre(HasSubstr("of type bridge and not made by node-local-dns")));
  EXPECT_EQ(link.remove(), false);
  run("ip link del nodelocaldns");

  ASSERT_TRUE(RouteSocket::open().value().create(kName, "bridge", kAlias));
  ASSERT_THAT(ensure(link), Not(ElementsAre(HasSubstr("failed"))));
  EXPECT_THAT(held(link), all());
  EXPECT_EQ(link.stand_in(), "bridge");
  EXPECT_THAT(run("ip -d -o link show dev nodelocaldns"),
              AllOf(HasSubstr("NOARP"), Not(HasSubstr("MULTICAST"))));
  EXPECT_EQ(link.remove(), true);
}

TEST_F(Link, IsRemovedOnce) {
  LocalLink link = both();
  ASSERT_THAT(ensure(link), Not(IsEmpty()));
  EXPECT_EQ(link.remove(), true);
  EXPECT_THAT(held(link), ElementsAre("no interface"));
  EXPECT_EQ(link.remove(), false);
}

TEST_F(Link, SaysThatIpv6IsSwitchedOffAndHoldsTheRest) {
  run("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
  LocalLink link = both();
  EXPECT_THAT(
      ensure(link),
      ElementsAre(AllOf(HasSubstr("address fd00:90::a on interface nodelocaldns: IPv6 is switched off"),
                        HasSubstr("net.ipv6.conf.nodelocaldns.disable_ipv6"))));
  EXPECT_THAT(held(link), UnorderedElementsAre("169.254.20.10:0", "10.96.0.10:0"));
}

TEST_F(Link, RepeatedAddressesAreOne) {
  LocalLink link(kName,
                 {ip("169.254.20.10"), runtime::SocketAddress::from_ip("169.254.20.10", 9253).value()});
  ASSERT_THAT(ensure(link), Not(IsEmpty()));
  EXPECT_THAT(held(link), ElementsAre("169.254.20.10:0"));
  EXPECT_THAT(ensure(link), IsEmpty());
}

TEST_F(Link, NameMustBePossible) {
  for (const std::string& name : {std::string(), std::string("sixteen-letters-")}) {
    LocalLink link(name, {ip("169.254.20.10")});
    EXPECT_THAT(ensure(link), ElementsAre(HasSubstr("between 1 and 15 characters")));
    EXPECT_FALSE(link.look());
    EXPECT_FALSE(link.remove());
  }
}

TEST_F(Link, SaysWhatItIsNotPermittedToDo) {
  const int status = run_as_nobody([] {
    LocalLink link = both();
    const auto done = link.ensure();
    return !done && done.error().what.find("CAP_NET_ADMIN") != std::string::npos ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST_F(Link, TwoInstancesMakeOne) {
  for (int round = 0; round < 20; ++round) {
    std::array<std::vector<std::string>, 2> results;
    {
      std::array<std::jthread, 2> instances;
      for (std::size_t number = 0; number < instances.size(); ++number) {
        instances[number] = std::jthread([&results, number] {
          LocalLink link = both();
          results[number] = ensure(link);
        });
      }
    }
    for (const auto& result : results) EXPECT_THAT(result, Not(testing::Contains(HasSubstr("failed"))));
    LocalLink link = both();
    ASSERT_THAT(held(link), all());
    EXPECT_THAT(ensure(link), IsEmpty());
    ASSERT_EQ(link.remove(), true);
  }
}

TEST_F(Link, SurvivesItsDeletionMeanwhile) {
  {
    const std::jthread deleter([](const std::stop_token& stop) {
      LocalLink link = both();
      while (!stop.stop_requested()) static_cast<void>(link.remove());
    });
    LocalLink link = both();
    for (int round = 0; round < 100; ++round) {
      const auto done = link.ensure();
      if (!done) {
        EXPECT_THAT(done.error().what, HasSubstr("no such interface (any more)"));
      }
    }
  }
  LocalLink link = both();
  EXPECT_THAT(ensure(link), Not(testing::Contains(HasSubstr("failed"))));
  EXPECT_THAT(held(link), all());
}

TEST_F(Link, LeavesNoDescriptorOpen) {
  const auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  LocalLink link = both();
  const auto before = open_descriptors();
  ASSERT_THAT(ensure(link), Not(IsEmpty()));
  ASSERT_THAT(held(link), all());
  ASSERT_EQ(link.remove(), true);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Link, ItsSocketDoesNotReachAChild) {
  const auto descriptors = [] {
    std::vector<int> out;
    for (int fd = 0; fd < 1024; ++fd) {
      if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0 && (flags & FD_CLOEXEC) == 0) out.push_back(fd);
    }
    return out;
  };
  const auto before = descriptors();
  const auto socket = RouteSocket::open();
  ASSERT_TRUE(socket);
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace nld::net
