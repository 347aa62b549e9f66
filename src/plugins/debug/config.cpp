// debug: reading it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {

Result setup_debug(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "debug", context);
  if (Result done = arguments.finish(); !done) return done;
  block.debug = true;
  return expect_no_block(line, "debug");
}

}  // namespace nld::plugins
