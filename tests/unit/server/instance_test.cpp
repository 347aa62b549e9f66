// The names by which servers at one address are told apart.
#include "server/instance.hpp"

#include <gtest/gtest.h>

namespace nld::server {
namespace {

TEST(Instance, ItsNameIsOneLabelBeforeAFixedEnd) {
  const auto name = instance_name("00ff");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->to_text(), "00ff.node-local-dns.bind.");
  EXPECT_TRUE(is_instance_name(name->wire()));
  EXPECT_FALSE(is_instance_name(dns::Name::from_text("version.bind")->wire()));
}

TEST(Instance, AWordThatIsNoLabelHasNone) {
  EXPECT_FALSE(instance_name(""));
  EXPECT_FALSE(instance_name("a.b"));
  EXPECT_FALSE(instance_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace nld::server
