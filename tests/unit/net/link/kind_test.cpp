// Which type of link is made, and which one that is found may be used.
#include "net/link/kind.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netlink/errno.h>

#include <map>
#include <string>
#include <vector>

namespace nld::net {
namespace {

using testing::ElementsAre;

/// Answers for each kind, and what was tried. A kind without an answer is unknown.
class Kernel {
 public:
  explicit Kernel(std::map<std::string, NetlinkCode, std::less<>> answers) : answers_(std::move(answers)) {}

  std::expected<std::string_view, NetlinkCode> choose() {
    return create_first_known([this](std::string_view kind) -> std::expected<void, NetlinkCode> {
      tried.emplace_back(kind);
      const auto answer = answers_.find(kind);
      const NetlinkCode code = answer == answers_.end() ? NLE_OPNOTSUPP : answer->second;
      if (code != NLE_SUCCESS) return std::unexpected(code);
      return {};
    });
  }

  std::vector<std::string> tried;

 private:
  std::map<std::string, NetlinkCode, std::less<>> answers_;
};

TEST(LinkKind, IsDummyWhereTheKernelHasIt) {
  Kernel kernel({{"dummy", NLE_SUCCESS}, {"ifb", NLE_SUCCESS}});
  EXPECT_EQ(kernel.choose(), "dummy");
  EXPECT_THAT(kernel.tried, ElementsAre("dummy"));
}

TEST(LinkKind, IsTheFirstStandInThatTheKernelKnows) {
  Kernel kernel({{"ifb", NLE_SUCCESS}, {"bridge", NLE_SUCCESS}});
  EXPECT_EQ(kernel.choose(), "ifb");
  EXPECT_THAT(kernel.tried, ElementsAre("dummy", "ifb"));
  Kernel smaller({{"bridge", NLE_SUCCESS}});
  EXPECT_EQ(smaller.choose(), "bridge");
  EXPECT_THAT(smaller.tried, ElementsAre("dummy", "ifb", "bridge"));
}

TEST(LinkKind, SaysWhenTheKernelKnowsNone) {
  EXPECT_EQ(Kernel({}).choose(), std::unexpected(NLE_OPNOTSUPP));
}

TEST(LinkKind, AnotherErrorEndsTheSearch) {
  for (const NetlinkCode code : {NLE_PERM, NLE_EXIST, NLE_NOMEM}) {
    Kernel kernel({{"dummy", code}, {"ifb", NLE_SUCCESS}});
    EXPECT_EQ(kernel.choose(), std::unexpected(code));
    EXPECT_THAT(kernel.tried, ElementsAre("dummy"));
  }
}

TEST(LinkKind, OursAreDummiesAndStandInsButNoBridgeOfOthers) {
  const auto found = [](std::string kind, std::string alias = "") {
    return FoundLink{.index = 7, .flags = 0, .kind = std::move(kind), .alias = std::move(alias)};
  };
  EXPECT_TRUE(is_ours(found("dummy")));
  EXPECT_TRUE(is_ours(found("ifb")));
  EXPECT_TRUE(is_ours(found("bridge", "node-local-dns")));
  EXPECT_FALSE(is_ours(found("bridge")));
  EXPECT_FALSE(is_ours(found("bridge", "pods")));
  EXPECT_FALSE(is_ours(found("veth", "node-local-dns")));
  EXPECT_FALSE(is_ours(found("")));
}

}  // namespace
}  // namespace nld::net
