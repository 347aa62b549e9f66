// any: reading it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {

Result setup_any(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "any", context);
  if (Result done = arguments.finish(); !done) return done;
  block.any = true;
  return expect_no_block(line, "any");
}

}  // namespace nld::plugins
