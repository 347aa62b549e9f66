// ready [ADDRESS] { monitor until-ready|continuously }: reading it.
#include "plugins/arguments.hpp"
#include "plugins/listen_address.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr Option<BlockConfig> kReadyOptions[] = {
    {"monitor",
     [](Arguments& arguments, BlockConfig& block) {
       static constexpr std::string_view kModes[] = {"until-ready", "continuously"};
       block.ready_continuously = arguments.choice("MODE", kModes) == 1;
     }},
};

}  // namespace

Result setup_ready(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "ready", context);
  const runtime::SocketAddress address = read_listen_address(arguments, ":8181");
  if (Result done = arguments.finish(); !done) return done;
  block.ready = address;
  return read_options(line, kReadyOptions, block, context);
}

}  // namespace nld::plugins
