// timeouts { read|write|idle DURATION; maxtcpqueries MAXIMUM }: reading it.
#include "plugins/timeouts/config.hpp"

#include <limits>

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

std::chrono::milliseconds timeout(Arguments& arguments) {
  return arguments.duration("DURATION", std::chrono::seconds(1), std::chrono::hours(24));
}

constexpr Option<TimeoutsConfig> kTimeoutsOptions[] = {
    {"read", [](Arguments& arguments, TimeoutsConfig& config) { config.read = timeout(arguments); }},
    {"write", [](Arguments& arguments, TimeoutsConfig& config) { config.write = timeout(arguments); }},
    {"idle", [](Arguments& arguments, TimeoutsConfig& config) { config.idle = timeout(arguments); }},
    {"maxtcpqueries",
     [](Arguments& arguments, TimeoutsConfig& config) {
       if (arguments.peek() == "-1") {
         arguments.word("MAXIMUM");
         config.queries.reset();
       } else {
         config.queries = arguments.number("MAXIMUM", 1, std::numeric_limits<std::int32_t>::max());
       }
     }},
};

}  // namespace

Result setup_timeouts(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "timeouts", context);
  if (line.arguments.empty() && line.block.empty()) {
    arguments.fail("sets nothing, expected a line such as 'idle 60s' in its block");
  }
  if (Result done = arguments.finish(); !done) return done;
  return read_options(line, kTimeoutsOptions, block.timeouts, context);
}

}  // namespace nld::plugins
