// GETs to loopback: the body in pieces, and everything that can be wrong with a server.
#include "net/kube_proxy/http_get.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "unit/net/kube_proxy/http_stub.hpp"

namespace nld::net {
namespace {

constexpr GetLimits kLimits{.time = std::chrono::seconds(10), .bytes = std::size_t{1} << 20};

std::optional<std::string> get(std::uint16_t port, GetLimits limits = kLimits) {
  std::string text;
  const bool complete = http_get(port, "/path", limits, [&](std::string_view piece) {
    text += piece;
    return true;
  });
  return complete ? std::optional(text) : std::nullopt;
}

TEST(HttpGet, TheBody) {
  HttpStub stub(HttpStub::ok("line\r\n\r\nanother"));
  EXPECT_EQ(get(stub.port()), "line\r\n\r\nanother");
  EXPECT_EQ(stub.request(), "GET /path HTTP/1.0");
}

TEST(HttpGet, ALongBody) {
  const std::string body(500'000, 'x');
  const HttpStub stub(HttpStub::ok(body));
  EXPECT_EQ(get(stub.port()), body);
}

TEST(HttpGet, AnIpv6Server) {
  const HttpStub stub(HttpStub::ok("six"), HttpStub::Afterwards::close, "::1");
  EXPECT_EQ(get(stub.port()), "six");
}

TEST(HttpGet, OnlyA200IsAnAnswer) {
  for (const char* answer :
       {"HTTP/1.1 404 Not Found\r\n\r\n404", "", "HTTP/1.0 200 OK\r\n", "ipvs", "HTTP/1.0"}) {
    const HttpStub stub(answer);
    EXPECT_EQ(get(stub.port()), std::nullopt) << answer;
  }
}

TEST(HttpGet, MoreThanTheLimit) {
  const HttpStub stub(HttpStub::ok(std::string(5000, 'x')));
  EXPECT_EQ(get(stub.port(), {.time = kLimits.time, .bytes = 4096}), std::nullopt);
}

TEST(HttpGet, AServerThatNeverEnds) {
  const HttpStub stub(HttpStub::ok("ipvs"), HttpStub::Afterwards::keep_open);
  EXPECT_EQ(get(stub.port(), {.time = std::chrono::milliseconds(50), .bytes = 4096}), std::nullopt);
}

TEST(HttpGet, StopsWhenItHasEnough) {
  const HttpStub stub(HttpStub::ok("enough"), HttpStub::Afterwards::keep_open);
  EXPECT_TRUE(http_get(stub.port(), "/", kLimits, [](std::string_view) { return false; }));
}

TEST(HttpGet, NobodyThere) {
  std::uint16_t port = 0;
  {
    HttpStub stub("");
    port = stub.port();
  }
  EXPECT_EQ(get(port), std::nullopt);
}

}  // namespace
}  // namespace nld::net
