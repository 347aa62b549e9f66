// whoami: reading it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {

Result setup_whoami(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "whoami", context);
  if (Result done = arguments.finish(); !done) return done;
  block.whoami = true;
  return expect_no_block(line, "whoami");
}

}  // namespace nld::plugins
