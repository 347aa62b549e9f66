// Files of weights.
#include "plugins/loadbalance/weights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace nld::plugins {
namespace {

using ::testing::HasSubstr;

AddressNumber number(const char* ip) {
  return AddressNumber::of(*runtime::SocketAddress::from_ip(ip, 0));
}
dns::Name name(const char* text) {
  return dns::Name::from_text(text).value();
}

TEST(Weights, ByNameAndAddress) {
  const auto weights = Weights::parse(
      "# of the shop\n\nwww.example.com\n  10.0.0.1 3\r\n\t10.0.0.2   255\nWWW2.example.com.\nfd00::1 7\n"
      "www.example.com\n10.0.0.3 9");
  ASSERT_TRUE(weights) << weights.error();
  EXPECT_EQ((*weights)->names(), 2U);
  EXPECT_EQ((*weights)->weight_of(name("WWW.example.com."), number("10.0.0.1")), 3);
  EXPECT_EQ((*weights)->weight_of(name("www.example.com."), number("10.0.0.2")), 255);
  EXPECT_EQ((*weights)->weight_of(name("www.example.com."), number("10.0.0.3")), 9)
      << "a name may come again";
  EXPECT_EQ((*weights)->weight_of(name("www2.example.com."), number("fd00::1")), 7);
  EXPECT_EQ((*weights)->weight_of(name("www.example.com."), number("10.0.0.4")), 1);
  EXPECT_EQ((*weights)->weight_of(name("other.example.com."), number("10.0.0.1")), 1);
}

TEST(Weights, Wrong) {
  const std::pair<const char*, const char*> kCases[] = {
      {"10.0.0.1 3", "line 1: address '10.0.0.1' is wrong, expected a domain name before the first address"},
      {"a.test\n10.0.0.1", "line 2: name '10.0.0.1' is wrong"},
      {"a..test", "line 1: name 'a..test' is wrong"},
      {"a.test\n10.0.0.300 3", "line 2: address '10.0.0.300' is wrong"},
      {"a.test\n10.0.0.1 0", "line 2: weight '0' is wrong, expected a number from 1 to 255"},
      {"a.test\n10.0.0.1 256", "line 2: weight '256' is wrong"},
      {"a.test\n10.0.0.1 -1", "line 2: weight '-1' is wrong"},
      {"a.test\n10.0.0.1 3 4", "line 2: word '4' is wrong"},
  };
  for (const auto& [text, error] : kCases) {
    const auto weights = Weights::parse(text);
    ASSERT_FALSE(weights) << text;
    EXPECT_THAT(weights.error(), HasSubstr(error));
  }
}

TEST(WeightFile, IsReadAgainWhenItChanges) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("weights_test." + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "." +
       std::to_string(::getpid()));
  const auto write = [&path](std::string_view text) { std::ofstream(path) << text; };
  write("a.test\n10.0.0.1 3\n");
  WeightFile file(path, Weights::parse("").value());
  EXPECT_EQ(file.refresh(), true);
  EXPECT_EQ(file.refresh(), false);
  const std::uint64_t version = file.version();
  write("a.test\n10.0.0.1 4\n");
  EXPECT_EQ(file.refresh(), true);
  EXPECT_GT(file.version(), version);
  EXPECT_EQ(file.current()->weight_of(name("a.test."), number("10.0.0.1")), 4);
  write("a.test\n10.0.0.1 x\n");
  EXPECT_FALSE(file.refresh());
  EXPECT_EQ(file.refresh(), false) << "one error is told once";
  EXPECT_EQ(file.current()->weight_of(name("a.test."), number("10.0.0.1")), 4) << "those at hand are kept";
  std::filesystem::remove(path);
  EXPECT_FALSE(file.refresh());
}

}  // namespace
}  // namespace nld::plugins
