// The HTTP server over loopback: answers, refusals, limits, and what closing it does.
#include "http/server.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "unit/http/client.hpp"

namespace nld::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Server : public testing::Test {
 protected:
  Listener listen(const Limits& limits = {}, const char* ip = "127.0.0.1", std::uint16_t port = 0) {
    auto listener =
        Listener::open(loop_, runtime::SocketAddress::from_ip(ip, port).value(), routes(), limits);
    if (!listener) throw std::runtime_error(listener.error().what);
    return std::move(*listener);
  }
  Routes routes() {
    return {{"/health", [this] { return ++calls_, Response{.body = "OK"}; }},
            {"/metrics", [] { return Response{.content_type = kExpositionType, .body = "up 1\n"}; }},
            {"/ready", [] { return Response{.status = 503, .body = "cache"}; }},
            {"/broken", []() -> Response { throw std::runtime_error("no"); }},
            {"/large", [] { return Response{.body = std::string(300'000, 'x')}; }}};
  }

  boost::asio::io_context loop_;
  int calls_ = 0;
};

TEST_F(Server, AnswersARoute) {
  const Listener listener = listen();
  const std::string answer = Client(loop_, listener.local())
                                 .exchange("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nup 1\n"));
}

TEST_F(Server, PassesTheStatusOfTheHandler) {
  const Listener listener = listen();
  const std::string answer = Client(loop_, listener.local()).exchange("GET /ready HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.0 503 Service Unavailable\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\ncache"));
}

TEST_F(Server, KeepsAConnectionAndAnswersPipelinedRequestsInOrder) {
  const Listener listener = listen();
  Client client(loop_, listener.local());
  EXPECT_THAT(client.exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "OK"), EndsWith("\r\n\r\nOK"));
  const std::string both = client.exchange(
      "GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "up 1\n");
  EXPECT_LT(both.find("OK"), both.find("up 1"));
  EXPECT_FALSE(client.closed());
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(listener.connections(), 1U);
}

TEST_F(Server, AnswersHeadWithoutABody) {
  const Listener listener = listen();
  const std::string answer = Client(loop_, listener.local())
                                 .exchange("HEAD /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(Server, IgnoresTheQueryPartOfATarget) {
  const Listener listener = listen();
  Client client(loop_, listener.local());
  EXPECT_THAT(client.exchange("GET /health?verbose=1 HTTP/1.1\r\nHost: a\r\n\r\n", "OK"),
              HasSubstr(" 200 OK"));
}

TEST_F(Server, SendsALargeAnswerWhole) {
  const Listener listener = listen();
  const std::string answer =
      Client(loop_, listener.local()).exchange("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 300'000U);
}

TEST_F(Server, RefusesWhatItDoesNotServe) {
  const Listener listener = listen();
  struct Case {
    const char* request;
    const char* status;
  };
  for (const Case& each : {
           Case{"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 "},
           Case{"GET /health/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 "},
           Case{"DELETE /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 "},
           Case{"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", "HTTP/1.1 405 "},
           Case{"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", "HTTP/1.1 413 "},
           Case{"GET /broken HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 500 "},
           Case{"nonsense\r\n\r\n", "HTTP/1.1 400 "},
           Case{"GET /health HTTP/9.9\r\n\r\n", "HTTP/1.1 400 "},
           Case{"GET /health HTTP/1.1\r\nHost a\r\n\r\n", "HTTP/1.1 400 "},
       }) {
    Client client(loop_, listener.local());
    EXPECT_THAT(client.exchange(each.request), StartsWith(each.status)) << each.request;
    EXPECT_TRUE(client.closed()) << each.request;
  }
  EXPECT_EQ(calls_, 0);
  EXPECT_EQ(listener.connections(), 0U);
}

TEST_F(Server, RefusesATooLargeHeader) {
  const Listener listener = listen({.header_octets = 8 * 1024});
  const auto with_header = [this, &listener](std::size_t octets) {
    return Client(loop_, listener.local())
        .exchange("GET /health HTTP/1.1\r\nConnection: close\r\nX: " + std::string(octets, 'x') + "\r\n\r\n");
  };
  EXPECT_THAT(with_header(7'000), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(with_header(8 * 1024), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(with_header(50'000), StartsWith("HTTP/1.1 431 "));
}

TEST_F(Server, ClosesTheQuietestConnectionForTheSixtyFifth) {
  const Listener listener = listen();
  constexpr std::string_view kRequest = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
  std::vector<std::unique_ptr<Client>> clients;
  for (int count = 0; count < 64; ++count) {
    clients.push_back(std::make_unique<Client>(loop_, listener.local()));
    ASSERT_THAT(clients.back()->exchange(kRequest, "OK"), HasSubstr("200 OK"));
  }
  // The first speaks again: now the second is the quietest.
  ASSERT_THAT(clients[0]->exchange(kRequest, "OK"), HasSubstr("200 OK"));
  EXPECT_EQ(listener.connections(), 64U);

  Client late(loop_, listener.local());
  EXPECT_THAT(late.exchange(kRequest, "OK"), HasSubstr("200 OK"));
  EXPECT_EQ(listener.connections(), 64U);
  EXPECT_EQ(clients[1]->receive(), "");
  EXPECT_TRUE(clients[1]->closed());
  EXPECT_THAT(clients[0]->exchange(kRequest, "OK"), HasSubstr("200 OK"));
  EXPECT_THAT(clients[2]->exchange(kRequest, "OK"), HasSubstr("200 OK"));
}

TEST_F(Server, ClosesAConnectionThatTakesTooLongOverItsHeader) {
  const Listener listener = listen({.timeout = std::chrono::milliseconds(50)});
  Client client(loop_, listener.local());
  EXPECT_EQ(client.exchange("GET /health HT"), "");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(listener.connections(), 0U);
}

TEST_F(Server, LetsTwoListenersShareAnAddress) {
  std::optional<Listener> old = listen();
  const Listener fresh = listen({}, "127.0.0.1", old->local().port());
  EXPECT_EQ(fresh.local(), old->local());
  old.reset();
  Client client(loop_, fresh.local());
  EXPECT_THAT(client.exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "OK"), HasSubstr("200 OK"));
}

TEST_F(Server, StopsListeningAndClosesIdleConnectionsWhenDestroyed) {
  std::optional<Listener> listener = listen();
  const auto address = listener->local();
  Client client(loop_, address);
  ASSERT_THAT(client.exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "OK"), HasSubstr("200 OK"));
  listener.reset();
  EXPECT_EQ(client.exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(calls_, 1);
  EXPECT_THROW(Client(loop_, address), std::runtime_error);
}

TEST_F(Server, FinishesAnAnswerUnderWayWhenDestroyed) {
  std::optional<Listener> listener;
  Routes with_close = routes();
  with_close["/metrics"] = [] { return Response{.body = std::string(20'000'000, 'x')}; };
  listener =
      Listener::open(loop_, runtime::SocketAddress::from_ip("127.0.0.1", 0).value(), with_close).value();
  Client client(loop_, listener->local());
  // More than the socket buffers hold: the first octets have come, the last cannot have been sent.
  client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  while (loop_.poll_one() > 0) {
  }
  listener.reset();
  const std::string answer = client.receive();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 20'000'000U);
  EXPECT_TRUE(client.closed());
}

TEST_F(Server, TakesBothFamiliesOnTheIpv6Wildcard) {
  const Listener listener = listen({}, "::");
  std::uint16_t port = listener.local().port();
  Client v4(loop_, runtime::SocketAddress::from_ip("127.0.0.1", port).value());
  EXPECT_THAT(v4.exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "OK"), HasSubstr("200 OK"));
  if (!listener.local().is_v6()) GTEST_SKIP() << "no IPv6 here";
  Client v6(loop_, runtime::SocketAddress::from_ip("::1", port).value());
  EXPECT_THAT(v6.exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "OK"), HasSubstr("200 OK"));
}

TEST_F(Server, ListensOnAnAddressThatDoesNotExistYet) {
  // RFC 5737: nobody's address.
  const Listener listener = listen({}, "192.0.2.77");
  EXPECT_EQ(listener.local().ip_text(), "192.0.2.77");
}

TEST_F(Server, SaysWhyItCannotListen) {
  // A socket without SO_REUSEPORT keeps the port to itself.
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = runtime::SocketAddress::from_ip("127.0.0.1", 0).value();
  ASSERT_EQ(::bind(other, address.native(), address.native_size()), 0);
  ASSERT_EQ(::listen(other, 1), 0);
  socklen_t size = address.native_size();
  ASSERT_EQ(::getsockname(other, address.native(), &size), 0);
  const auto listener = Listener::open(loop_, address, routes());
  ASSERT_FALSE(listener);
  EXPECT_TRUE(listener.error().in_use);
  EXPECT_EQ(listener.error().what,
            "cannot listen on " + address.to_string() + ": bind: Address already in use");
  ::close(other);
}

TEST_F(Server, HandsNoDescriptorToAChildProcess) {
  const Listener listener = listen();
  Client client(loop_, listener.local());
  ASSERT_THAT(client.exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "OK"), HasSubstr("200 OK"));
  int sockets = 0;
  for (int fd = 3; fd < 64; ++fd) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) continue;
    ++sockets;
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0) << fd;
  }
  EXPECT_GE(sockets, 3) << "listening, accepted and the client's";
}

}  // namespace
}  // namespace nld::http
