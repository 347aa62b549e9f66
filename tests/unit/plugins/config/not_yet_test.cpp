// Directives that are accepted before they work: what is checked, and that each line warns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(NotYetDirectives, WarnAndAreNotAmongThePluginsInUse) {
  EXPECT_THAT(warnings_of("metadata"), ElementsAre(HasSubstr(": accepted, but not in effect yet: ")));
  EXPECT_THAT(accepted("metadata").directives, ElementsAre("forward"));
}

TEST(NoEffectDirectives, WarnOnceALineAndCheckNothing) {
  for (const char* lines : {"pprof :6068 {\nblock\n}", "trace zipkin 10.0.0.1:9411", "multisocket 2",
                            "dnstap /run/tap.sock full"}) {
    EXPECT_THAT(warnings_of(lines), ElementsAre(HasSubstr(": accepted without effect: "))) << lines;
  }
  EXPECT_THAT(warnings_of("errors\nlog"), IsEmpty());
}

}  // namespace
}  // namespace nld::plugins::testing
