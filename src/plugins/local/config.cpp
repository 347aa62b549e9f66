// local { localhost_prefix on|off }: reading it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr Option<LocalConfig> kLocalOptions[] = {
    {"localhost_prefix",
     [](Arguments& arguments, LocalConfig& local) {
       static constexpr std::string_view kWords[] = {"on", "off"};
       local.prefix = arguments.choice("on|off", kWords) == 0;
     }},
};

}  // namespace

Result setup_local(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "local", context);
  if (Result done = arguments.finish(); !done) return done;
  LocalConfig local;
  if (Result done = read_options(line, kLocalOptions, local, context); !done) return done;
  block.local = local;
  return {};
}

}  // namespace nld::plugins
