// bufsize [SIZE]: reading it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr std::uint16_t kDefaultSize = 1232;  // DNS flag day 2020

}  // namespace

Result setup_bufsize(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "bufsize", context);
  block.bufsize = kDefaultSize;
  if (arguments.more()) block.bufsize = static_cast<std::uint16_t>(arguments.number("SIZE", 512, 4096));
  if (Result done = arguments.finish(); !done) return done;
  return expect_no_block(line, "bufsize");
}

}  // namespace nld::plugins
