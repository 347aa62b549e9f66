// health [ADDRESS] { lameduck DURATION }: reading it.
#include "plugins/arguments.hpp"
#include "plugins/listen_address.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr Option<HealthConfig> kHealthOptions[] = {
    {"lameduck",
     [](Arguments& arguments, HealthConfig& health) {
       health.lameduck = arguments.duration("DURATION", std::chrono::milliseconds(0));
     }},
};

}  // namespace

Result setup_health(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "health", context);
  const runtime::SocketAddress address = read_listen_address(arguments, ":8080");
  if (Result done = arguments.finish(); !done) return done;
  HealthConfig health{.address = address};
  if (Result done = read_options(line, kHealthOptions, health, context); !done) return done;
  if (block.health && block.health->address != health.address) {
    arguments.warn("replaces the health address given before in this server block, as in CoreDNS");
  }
  block.health = health;
  return {};
}

}  // namespace nld::plugins
