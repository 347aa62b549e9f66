// Probes against sockets that answer, refuse, and keep silent.
#include "agent/prober.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <stdexcept>

#include "runtime/asio_clock.hpp"
#include "runtime/descriptor.hpp"
#include "runtime/system_random.hpp"

namespace nld::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = ProbeResult::Kind;

class ProberTest : public testing::Test {
 protected:
  /// A bound UDP socket that nobody reads but the test.
  runtime::SocketAddress open_server() {
    server_ = runtime::Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    auto address = *runtime::SocketAddress::from_ip("127.0.0.1", 0);
    EXPECT_EQ(::bind(server_.get(), address.native(), address.native_size()), 0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    EXPECT_EQ(::getsockname(server_.get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
    return runtime::SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&bound));
  }
  /// Runs the loop until the probe is settled; `turn` runs between two steps.
  std::optional<ProbeResult> settle(const runtime::SocketAddress& server, milliseconds limit,
                                    const std::function<void()>& turn = {}) {
    std::optional<ProbeResult> result;
    prober_.probe(server, instance_, limit, [&](const ProbeResult& got) { result = got; });
    EXPECT_FALSE(result) << "never inside the call";
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (!result && std::chrono::steady_clock::now() < deadline) {
      if (turn) turn();
      loop_.restart();
      loop_.run_for(milliseconds(2));
    }
    return result;
  }
  /// Reads one query; empty when there is none.
  std::vector<std::uint8_t> read_query() {
    std::vector<std::uint8_t> packet(512);
    socklen_t size = sizeof peer_;
    const ssize_t got = ::recvfrom(server_.get(), packet.data(), packet.size(), 0,
                                   reinterpret_cast<sockaddr*>(&peer_), &size);
    packet.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return packet;
  }
  void answer(std::vector<std::uint8_t> packet) {
    packet[2] |= 0x80U;
    ::sendto(server_.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&peer_),
             sizeof(sockaddr_in));
  }

  boost::asio::io_context loop_;
  runtime::AsioClock clock_{loop_};
  runtime::SystemRandom random_;
  UdpProber prober_{loop_, clock_, random_, ""};
  std::string instance_;
  runtime::Descriptor server_;
  sockaddr_storage peer_{};
};

TEST_F(ProberTest, AnAnswerOfAnyKindIsLife) {
  const auto server = open_server();
  const auto result = settle(server, seconds(10), [&] {
    if (auto query = read_query(); !query.empty()) {
      query[3] |= 5U;  // REFUSED
      answer(query);
    }
  });
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, Kind::answered);
}

TEST_F(ProberTest, TheQueryIsVersionBindInClassChaosFromLoopback) {
  const auto server = open_server();
  std::vector<std::uint8_t> seen;
  settle(server, seconds(10), [&] {
    if (auto query = read_query(); !query.empty()) {
      seen = query;
      answer(query);
    }
  });
  const std::vector<std::uint8_t> question{7,   'v', 'e', 'r', 's', 'i', 'o', 'n', 4,
                                           'b', 'i', 'n', 'd', 0,   0,   16,  0,   3};
  ASSERT_EQ(seen.size(), 12 + question.size());
  EXPECT_TRUE(std::equal(question.begin(), question.end(), seen.begin() + 12));
  EXPECT_EQ(reinterpret_cast<const sockaddr_in&>(peer_).sin_addr.s_addr, htonl(INADDR_LOOPBACK));
}

TEST_F(ProberTest, OnlyTheServerThatIsMeantCounts) {
  const auto server = open_server();
  instance_ = "0123456789abcdef";
  for (const auto& [rcode, kind] : {std::pair(0, Kind::answered), std::pair(5, Kind::by_another)}) {
    std::vector<std::uint8_t> seen;
    const auto result = settle(server, seconds(10), [&, rcode = rcode] {
      if (auto query = read_query(); !query.empty()) {
        seen = query;
        query[3] |= static_cast<std::uint8_t>(rcode);
        answer(query);
      }
    });
    ASSERT_TRUE(result);
    EXPECT_EQ(result->kind, kind);
    const std::string text(seen.begin() + 12, seen.end());
    EXPECT_TRUE(
        text.starts_with("\x10"
                         "0123456789abcdef"
                         "\x0enode-local-dns\x04"
                         "bind"))
        << text;
  }
}

TEST_F(ProberTest, LostDatagramsAreSentAgain) {
  const auto server = open_server();
  int seen = 0;
  const auto result = settle(server, milliseconds(400), [&] {
    if (auto query = read_query(); !query.empty() && ++seen == 4) answer(query);
  });
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, Kind::answered);
  EXPECT_EQ(seen, 4);
}

TEST_F(ProberTest, ASocketThatIsNotReadIsSilence) {
  const auto result = settle(open_server(), milliseconds(100));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, Kind::silent);
}

TEST_F(ProberTest, AnswersToOthersDoNotCount) {
  const auto server = open_server();
  const auto result = settle(server, milliseconds(100), [&] {
    if (auto query = read_query(); !query.empty()) {
      ++query[1];
      answer(query);
    }
  });
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, Kind::silent);
}

TEST_F(ProberTest, NoSocketIsARefusal) {
  const auto server = open_server();
  server_ = runtime::Descriptor();
  const auto result = settle(server, seconds(2));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, Kind::refused);
}

TEST_F(ProberTest, AnAddressOfNobodyIsUnreachableNotSilent) {
  // 192.0.2.0/24 is for documentation (RFC 5737): no host has it, and no datagram leaves with source
  // 127.0.0.1.
  const auto result = settle(*runtime::SocketAddress::from_ip("192.0.2.1", 53), milliseconds(100));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, Kind::unreachable);
}

TEST_F(ProberTest, NamesThatAreNoneAreRefused) {
  EXPECT_THROW(UdpProber(loop_, clock_, random_, "a..b"), std::invalid_argument);
}

TEST_F(ProberTest, DestructionEndsProbesWithoutAWord) {
  const auto server = open_server();
  bool called = false;
  {
    UdpProber other(loop_, clock_, random_, "probe.test");
    other.probe(server, instance_, seconds(1), [&](const ProbeResult&) { called = true; });
  }
  loop_.run_for(milliseconds(20));
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace nld::agent
