// loop: reading it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {

Result setup_loop(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "loop", context);
  if (Result done = arguments.finish(); !done) return done;
  block.loop = true;
  return expect_no_block(line, "loop");
}

}  // namespace nld::plugins
