// bufsize [SIZE]: checking it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {

Result check_bufsize(const corefile::Directive& line, BlockConfig&, SetupContext& context) {
  Arguments arguments(line, "bufsize", context);
  if (arguments.more()) arguments.number("SIZE", 512, 4096);
  if (Result done = arguments.finish(); !done) return done;
  return expect_no_block(line, "bufsize");
}

}  // namespace nld::plugins
