// The sysctl that the fallback needs in IPVS mode, on a file of the test's own.
#include "net/kube_proxy/ipvs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace nld::net {
namespace {

using testing::HasSubstr;

class IpvsConntrack : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const char* text) { std::ofstream(path_) << text; }
  std::string read() {
    std::ifstream file(path_);
    std::string word;
    file >> word;
    return word;
  }

  std::string path_ = testing::TempDir() + "nld-ipvs-conntrack-" + std::to_string(::getpid());
};

TEST_F(IpvsConntrack, IsSetWhereItIsNot) {
  write("0\n");
  EXPECT_EQ(ensure_ipvs_conntrack(path_.c_str()).value(), true);
  EXPECT_EQ(read(), "1");
}

TEST_F(IpvsConntrack, IsLeftWhereItIs) {
  write("1\n");
  std::filesystem::permissions(path_, std::filesystem::perms::owner_read);
  const auto before = std::filesystem::last_write_time(path_);
  EXPECT_EQ(ensure_ipvs_conntrack(path_.c_str()).value(), true);
  EXPECT_EQ(std::filesystem::last_write_time(path_), before);
}

TEST_F(IpvsConntrack, AKernelWithoutIpvs) {
  EXPECT_EQ(ensure_ipvs_conntrack(path_.c_str()).value(), std::nullopt);
}

TEST_F(IpvsConntrack, SaysWhyNot) {
  write("");
  const auto empty = ensure_ipvs_conntrack(path_.c_str());
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error(), HasSubstr("cannot be read"));
  // One that not even root may write to; it is 0 where no multicast router runs.
  const auto readonly = ensure_ipvs_conntrack("/proc/sys/net/ipv4/conf/lo/mc_forwarding");
  ASSERT_FALSE(readonly);
  EXPECT_THAT(readonly.error(), HasSubstr("is 0 and cannot be set to 1"));
}

}  // namespace
}  // namespace nld::net
