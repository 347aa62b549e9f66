// An address that another socket holds is got when it is free; what no waiting mends is an error.
#include "http/patient_listener.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>

#include "runtime/captured_log.hpp"
#include "runtime/descriptor.hpp"
#include "runtime/manual_clock.hpp"

namespace nld::http {
namespace {

class PatientListenerTest : public testing::Test {
 protected:
  /// As Go listens: without SO_REUSEPORT.
  void occupy(const char* ip) {
    auto address = *runtime::SocketAddress::from_ip(ip, 0);
    other_ =
        runtime::Descriptor(::socket(address.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(other_.get(), address.native(), address.native_size()), 0);
    ASSERT_EQ(::listen(other_.get(), 1), 0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ASSERT_EQ(::getsockname(other_.get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
    address_ = runtime::SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&bound));
  }
  auto open() { return PatientListener::open(loop_, clock_, log_, address_, {}); }
  [[nodiscard]] long logged(const std::string& part) const {
    return std::ranges::count_if(log_.lines(), [&](const auto& line) { return line.contains(part); });
  }

  boost::asio::io_context loop_;
  runtime::ManualClock clock_;
  runtime::CapturedLog log_;
  runtime::Descriptor other_;
  runtime::SocketAddress address_ = *runtime::SocketAddress::from_ip("127.0.0.1", 0);
};

TEST_F(PatientListenerTest, AFreeAddressIsTakenAtOnceWithoutAWord) {
  const auto listener = open();
  ASSERT_TRUE(listener);
  EXPECT_TRUE(listener->listens());
  EXPECT_TRUE(log_.lines().empty());
}

TEST_F(PatientListenerTest, ABusyOneIsTakenWhenItIsFree) {
  long round = 0;
  for (const char* ip : {"127.0.0.1", "::"}) {
    ++round;
    occupy(ip);
    const auto listener = open();
    ASSERT_TRUE(listener) << listener.error();
    EXPECT_FALSE(listener->listens());
    clock_.advance(std::chrono::minutes(10));
    EXPECT_FALSE(listener->listens());
    EXPECT_EQ(logged("Address already in use: trying again until it is free"), round) << "said once";
    other_ = runtime::Descriptor();
    clock_.advance(std::chrono::seconds(5));  // the longest pause
    EXPECT_TRUE(listener->listens());
    EXPECT_EQ(logged("listening on " + address_.to_string() + " now, it is free"), 1);
  }
}

TEST_F(PatientListenerTest, WhatNoWaitingMendsIsAnError) {
  address_ = *runtime::SocketAddress::from_ip("ff02::1", 9353);  // a multicast address: TCP cannot
  const auto listener = open();
  ASSERT_FALSE(listener);
  EXPECT_TRUE(listener.error().starts_with("cannot listen on ")) << listener.error();
}

TEST_F(PatientListenerTest, OneThatIsGoneTriesNoMore) {
  occupy("127.0.0.1");
  {
    const auto listener = open();
    ASSERT_TRUE(listener);
  }
  other_ = runtime::Descriptor();
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(logged("it is free"), 1) << "the warning's words only";
}

}  // namespace
}  // namespace nld::http
