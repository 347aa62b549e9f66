// loadbalance [round_robin | weighted WEIGHTFILE] { … }: checking it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

struct Nothing {};

constexpr Option<Nothing> kOptions[] = {
    {"reload",
     [](Arguments& arguments, Nothing&) { arguments.duration("DURATION", std::chrono::milliseconds(0)); }},
    {"prefer",
     [](Arguments& arguments, Nothing&) {
       do {
         arguments.word("CIDR");
       } while (arguments.more());
     }},
};

}  // namespace

Result check_loadbalance(const corefile::Directive& line, BlockConfig&, SetupContext& context) {
  static constexpr std::string_view kPolicies[] = {"round_robin", "weighted"};
  Arguments arguments(line, "loadbalance", context);
  if (arguments.more() && arguments.choice("POLICY", kPolicies) == 1) arguments.file("WEIGHTFILE");
  if (Result done = arguments.finish(); !done) return done;
  Nothing nothing;
  return read_options(line, kOptions, nothing, context);
}

}  // namespace nld::plugins
