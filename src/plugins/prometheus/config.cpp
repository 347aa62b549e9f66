// prometheus [ADDRESS] { runtime_metrics }: reading it.
#include "plugins/arguments.hpp"
#include "plugins/listen_address.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

struct Nothing {};

constexpr Option<Nothing> kPrometheusOptions[] = {
    {"runtime_metrics",
     [](Arguments& arguments, Nothing&) {
       arguments.warn("has no effect: these are figures of the Go runtime, which this program does not have");
     }},
    {"tls",
     [](Arguments& arguments, Nothing&) {
       arguments.fail(
           "metrics over HTTPS come later, expected no such line; bind to localhost or use a proxy");
     }},
};

}  // namespace

Result setup_prometheus(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "prometheus", context);
  const runtime::SocketAddress address = read_listen_address(arguments, "localhost:9153");
  if (Result done = arguments.finish(); !done) return done;
  Nothing nothing;
  if (Result done = read_options(line, kPrometheusOptions, nothing, context); !done) return done;
  block.prometheus = address;
  return {};
}

}  // namespace nld::plugins
