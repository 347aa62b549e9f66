// Two ends of a connection, step by step over a socket pair.
#include "tls/channel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/error.hpp>
#include <csignal>

#include "unit/tls/certificates.hpp"

namespace nld::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using tls::Channel;
using Wait = Channel::Progress::Wait;

struct Channels : ::testing::Test {
  Channels() {
    std::signal(SIGPIPE, SIG_IGN);
    connect();
  }
  ~Channels() override { disconnect(); }
  void connect() {
    disconnect();
    client.reset();
    server.reset();
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets.data()), 0);
  }
  void disconnect() {
    for (int& socket : sockets) {
      if (socket >= 0) ::close(std::exchange(socket, -1));
    }
  }
  /// Both ends, until neither has to wait; the client's error.
  boost::system::error_code shake(const std::string& name, tls::ServerSettings settings,
                                  tls::ClientSettings trusting) {
    if (!context) context = tls::ServerContext::make(settings).value();
    client = Channel::client({tls::ClientContext::make(trusting).value(), name}, sessions, sockets[0]);
    server = Channel::server(context, sockets[1]);
    Channel::Progress ours;
    Channel::Progress theirs;
    ours.wait = theirs.wait = Wait::read;
    for (int round = 0; round < 20 && (ours.wait != Wait::none || theirs.wait != Wait::none); ++round) {
      if (ours.wait != Wait::none) ours = client->handshake();
      if (ours.error) return ours.error;
      if (theirs.wait != Wait::none) theirs = server->handshake();
      server_error = theirs.error;
    }
    EXPECT_EQ(ours.wait, Wait::none);
    return ours.error;
  }
  boost::system::error_code shake(const std::string& name) {
    const Identity identity = authority.issue("DNS:dns.test,DNS:*.wild.test,IP:127.0.0.1,IP:fd00::1");
    return shake(name, {.certificate = identity.certificate, .key = identity.key},
                 {.authorities = authority.pem()});
  }
  std::string received(Channel& end) {
    std::array<char, 100> buffer{};
    const Channel::Progress got = end.read(boost::asio::buffer(buffer));
    return got.error ? got.error.message() : std::string(buffer.data(), got.octets);
  }

  Authority authority;
  std::array<int, 2> sockets{-1, -1};
  std::shared_ptr<const tls::ServerContext> context;
  std::shared_ptr<tls::Sessions> sessions = std::make_shared<tls::Sessions>();
  std::unique_ptr<Channel> client;
  std::unique_ptr<Channel> server;
  boost::system::error_code server_error;
};

TEST_F(Channels, VerifyNamesAndAddresses) {
  for (const char* name : {"dns.test", "a.wild.test", "127.0.0.1", "fd00::1"}) {
    connect();
    context.reset();
    sessions = std::make_shared<tls::Sessions>();
    EXPECT_FALSE(shake(name)) << name << client->failure();
  }
  for (const char* name : {"other.test", "wild.test", "a.b.wild.test", "127.0.0.2", "fd00::2"}) {
    connect();
    context.reset();
    sessions = std::make_shared<tls::Sessions>();
    EXPECT_TRUE(tls::is_failure(shake(name))) << name;
    EXPECT_THAT(client->failure(), StartsWith("tls: failed to verify certificate: x509: certificate is not "
                                              "valid for " +
                                              std::string(name)));
  }
}

TEST_F(Channels, DistrustAnUnknownAuthorityAndAnExpiredCertificate) {
  const Identity identity = authority.issue("DNS:dns.test");
  EXPECT_TRUE(shake("dns.test", {.certificate = identity.certificate, .key = identity.key},
                    {.authorities = Authority("another").pem()}));
  EXPECT_THAT(client->failure(), HasSubstr("x509: certificate signed by unknown authority"));
  connect();
  context.reset();
  const Identity old = authority.issue("DNS:dns.test", -1);
  EXPECT_TRUE(
      shake("dns.test", {.certificate = old.certificate, .key = old.key}, {.authorities = authority.pem()}));
  EXPECT_THAT(client->failure(), HasSubstr("x509: certificate has expired or is not yet valid"));
  EXPECT_EQ(sessions->size(), 0U) << "nothing to resume with a server that is not trusted";
}

TEST_F(Channels, CarryOctetsAndTellTheEnd) {
  ASSERT_FALSE(shake("dns.test"));
  EXPECT_EQ(server->read(boost::asio::mutable_buffer()).wait, Wait::read);
  client->write(boost::asio::buffer("question", 8));
  EXPECT_EQ(received(*server), "question");
  server->write(boost::asio::buffer("answer", 6));
  EXPECT_EQ(received(*client), "answer");
  server->shutdown();
  std::array<char, 10> buffer{};
  EXPECT_EQ(client->read(boost::asio::buffer(buffer)).error, boost::asio::error::eof);
}

TEST_F(Channels, TakeAnEndWithoutCloseNotifyForAnEnd) {
  ASSERT_FALSE(shake("dns.test"));
  ::close(std::exchange(sockets[1], -1));
  std::array<char, 10> buffer{};
  EXPECT_EQ(client->read(boost::asio::buffer(buffer)).error, boost::asio::error::eof);
}

TEST_F(Channels, FailOnOctetsThatAreNoRecord) {
  ASSERT_FALSE(shake("dns.test"));
  const std::string junk = "\x17\x03\x03\x00\x10" + std::string(16, 'x');
  ASSERT_EQ(::send(sockets[1], junk.data() + 0, 21, 0), 21);
  std::array<char, 10> buffer{};
  EXPECT_TRUE(tls::is_failure(client->read(boost::asio::buffer(buffer)).error));
  EXPECT_THAT(client->failure(), StartsWith("tls: "));
}

TEST_F(Channels, NameAPeerThatSpeaksNoTls) {
  client = Channel::client({tls::ClientContext::make({}).value(), "dns.test"}, nullptr, sockets[0]);
  ASSERT_EQ(client->handshake().wait, Wait::read);
  ASSERT_EQ(::send(sockets[1], "HTTP/1.1 400 Bad Request\r\n", 26, 0), 26);
  EXPECT_TRUE(tls::is_failure(client->handshake().error));
  EXPECT_EQ(client->failure(), "tls: first record does not look like a TLS handshake");
}

TEST_F(Channels, ResumeWithATicketOnce) {
  ASSERT_FALSE(shake("dns.test"));
  EXPECT_FALSE(client->resumed());
  received(*client);  // the tickets
  const std::size_t tickets = sessions->size();
  ASSERT_GT(tickets, 0U);
  connect();
  ASSERT_FALSE(shake("dns.test"));
  EXPECT_TRUE(client->resumed());
  EXPECT_TRUE(server->resumed());
  EXPECT_EQ(sessions->size(), tickets - 1) << "a ticket serves once";
  for (int connection = 0; connection < 10; ++connection) {
    received(*client);
    connect();
    ASSERT_FALSE(shake("dns.test"));
    EXPECT_TRUE(client->resumed());
  }
  EXPECT_LE(sessions->size(), tls::Sessions::kMost);
}

TEST_F(Channels, AskClientsForCertificates) {
  const Identity identity = authority.issue("DNS:dns.test");
  const Identity good = authority.issue("DNS:client.test");
  const Identity stranger = Authority("another").issue("DNS:client.test");
  using enum tls::ClientAuth;
  struct Case {
    tls::ClientAuth auth;
    bool without;
    bool with_stranger;
    bool with_good;
  };
  for (const Case& one :
       {Case{nocert, true, true, true}, Case{request, true, true, true}, Case{require, false, true, true},
        Case{verify_if_given, true, false, true}, Case{require_and_verify, false, false, true}}) {
    const tls::ServerSettings settings{identity.certificate, identity.key, authority.pem(), one.auth};
    const auto accepts = [&](const Identity& of_client) {
      connect();
      context.reset();
      shake("dns.test", settings, {of_client.certificate, of_client.key, authority.pem()});
      if (client->failure().empty() && !server_error) return true;
      return false;
    };
    EXPECT_EQ(accepts({}), one.without) << static_cast<int>(one.auth);
    EXPECT_EQ(accepts(stranger), one.with_stranger) << static_cast<int>(one.auth);
    EXPECT_EQ(accepts(good), one.with_good) << static_cast<int>(one.auth);
  }
}

}  // namespace
}  // namespace nld::testing
