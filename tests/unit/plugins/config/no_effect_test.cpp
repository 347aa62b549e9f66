// Directives that are accepted without effect: each line warns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(NoEffectDirectives, WarnOnceALineAndCheckNothing) {
  for (const char* lines : {"pprof :6068 {\nblock\n}", "trace zipkin 10.0.0.1:9411", "multisocket 2",
                            "dnstap /run/tap.sock full"}) {
    EXPECT_THAT(warnings_of(lines), ElementsAre(HasSubstr(": accepted without effect: "))) << lines;
  }
  EXPECT_THAT(warnings_of("errors\nlog"), IsEmpty());
  EXPECT_THAT(accepted("trace zipkin 10.0.0.1:9411").directives, ElementsAre("forward"));
}

}  // namespace
}  // namespace nld::plugins::testing
