// hosts [FILE [ZONES...]] { [INLINE] … }: reading it.
#include "plugins/hosts/config.hpp"

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"
#include "runtime/socket_address.hpp"

namespace nld::plugins {
namespace {

/// "10.0.0.1 name…": the address stands where an option's name would.
Result read_entry(const corefile::Directive& entry, HostsConfig& config, SetupContext& context) {
  Arguments arguments(entry, "hosts: " + entry.name.text, context);
  config.lines += entry.name.text;
  do {
    config.lines += ' ' + arguments.name("host name").to_text();
  } while (arguments.more());
  config.lines += '\n';
  if (Result done = arguments.finish(); !done) return done;
  return expect_no_block(entry, "hosts: " + entry.name.text);
}

void read_fallthrough(Arguments& arguments, HostsConfig& config) {
  config.fallthrough = arguments.zones("ZONES");
  if (config.fallthrough.empty()) config.fallthrough.emplace_back();
}

constexpr Option<HostsConfig> kHostsOptions[] = {
    {"ttl",
     [](Arguments& arguments, HostsConfig& config) { config.ttl = arguments.number("SECONDS", 1, 65535); }},
    {"no_reverse", [](Arguments&, HostsConfig& config) { config.reverse = false; }},
    {"reload",
     [](Arguments& arguments, HostsConfig& config) {
       config.reload = arguments.duration("DURATION", std::chrono::milliseconds(0));
     }},
    {"fallthrough", read_fallthrough},
    {"fallthrough_unsupported",
     [](Arguments&, HostsConfig& config) { config.fallthrough_unsupported = true; }},
};

bool is_address(std::string_view text) noexcept {
  return runtime::SocketAddress::from_ip(text.substr(0, text.find('%')), 0).has_value();
}

void warn_of_missing(std::string_view path, Arguments& arguments) {
  const auto text = arguments.context().surroundings.read_file(path);
  if (text) return;
  arguments.warn("cannot read file '" + std::string(path) + "' now: " + text.error() +
                 "; its entries are missing until it can be read");
}

}  // namespace

Result setup_hosts(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  HostsConfig config;
  Arguments arguments(line, "hosts", context);
  if (arguments.more()) {
    config.path = arguments.word("FILE");
    if (!arguments.failed()) warn_of_missing(config.path, arguments);
  }
  config.zones = arguments.zones("ZONES");
  if (Result done = arguments.finish(); !done) return done;
  if (config.zones.empty()) {
    for (const ZoneKey& key : block.zones) config.zones.push_back(key.zone);
  }
  corefile::Directive options = line;
  options.block.clear();
  for (const corefile::Directive& entry : line.block) {
    if (!is_address(entry.name.text)) {
      options.block.push_back(entry);
      continue;
    }
    if (Result done = read_entry(entry, config, context); !done) return done;
  }
  if (Result done = read_options(options, kHostsOptions, config, context); !done) return done;
  if (config.fallthrough_unsupported && config.fallthrough.empty()) {
    arguments.fail("fallthrough_unsupported needs a line fallthrough beside it, whose zones it has");
  }
  if (Result done = arguments.finish(); !done) return done;
  block.hosts = std::move(config);
  return {};
}

}  // namespace nld::plugins
