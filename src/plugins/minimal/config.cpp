// minimal: reading it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {

Result setup_minimal(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "minimal", context);
  if (Result done = arguments.finish(); !done) return done;
  block.minimal = true;
  return expect_no_block(line, "minimal");
}

}  // namespace nld::plugins
