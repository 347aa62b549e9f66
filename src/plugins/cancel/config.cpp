// cancel [TIMEOUT]: reading it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr std::chrono::milliseconds kDefaultTimeout{5001};  // resolvers give up after 5 s

}  // namespace

Result setup_cancel(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "cancel", context);
  block.cancel =
      arguments.more() ? arguments.duration("TIMEOUT", std::chrono::milliseconds(1)) : kDefaultTimeout;
  if (Result done = arguments.finish(); !done) return done;
  return expect_no_block(line, "cancel");
}

}  // namespace nld::plugins
