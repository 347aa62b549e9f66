// hosts [FILE [ZONES...]] { [INLINE] … }: checking it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"
#include "runtime/socket_address.hpp"

namespace nld::plugins {
namespace {

/// "10.0.0.1 name…": the address stands where an option's name would.
Result check_entry(const corefile::Directive& entry, SetupContext& context) {
  Arguments arguments(entry, "hosts: " + entry.name.text, context);
  do {
    arguments.name("host name");
  } while (arguments.more());
  if (Result done = arguments.finish(); !done) return done;
  return expect_no_block(entry, "hosts: " + entry.name.text);
}

struct Nothing {};

constexpr Option<Nothing> kOptions[] = {
    {"ttl", [](Arguments& arguments, Nothing&) { arguments.number("SECONDS", 1, 65535); }},
    {"no_reverse", [](Arguments&, Nothing&) {}},
    {"reload",
     [](Arguments& arguments, Nothing&) { arguments.duration("DURATION", std::chrono::milliseconds(0)); }},
    {"fallthrough", [](Arguments& arguments, Nothing&) { arguments.zones("ZONES"); }},
};

}  // namespace

Result check_hosts(const corefile::Directive& line, BlockConfig&, SetupContext& context) {
  Arguments arguments(line, "hosts", context);
  if (arguments.more()) arguments.file("FILE");
  arguments.zones("ZONES");
  if (Result done = arguments.finish(); !done) return done;
  corefile::Directive options = line;
  options.block.clear();
  for (const corefile::Directive& entry : line.block) {
    if (!runtime::SocketAddress::from_ip(entry.name.text, 0)) {
      options.block.push_back(entry);
      continue;
    }
    if (Result done = check_entry(entry, context); !done) return done;
  }
  Nothing nothing;
  return read_options(options, kOptions, nothing, context);
}

}  // namespace nld::plugins
