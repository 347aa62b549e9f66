// bind ADDRESS|INTERFACE... { except ADDRESS|INTERFACE... }: the addresses a server block listens on.
#include <algorithm>

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

using runtime::SocketAddress;

struct BindLine {
  std::vector<SocketAddress> addresses;
  std::vector<SocketAddress> except;
};

std::vector<SocketAddress> read_addresses(Arguments& arguments) {
  std::vector<SocketAddress> out;
  do {
    const std::string_view text = arguments.word("ADDRESS");
    if (arguments.failed()) return {};
    if (const auto address = SocketAddress::from_ip(text, 0)) {
      out.push_back(*address);
      continue;
    }
    const auto& lookup = arguments.context().surroundings.interface_addresses;
    const auto found = lookup ? lookup(text) : std::vector<SocketAddress>{};
    if (found.empty()) {
      arguments.fail_value("ADDRESS", text, "an IP address or an interface of this host that has addresses");
      return {};
    }
    out.insert(out.end(), found.begin(), found.end());
  } while (arguments.more());
  return out;
}

constexpr Option<BindLine> kBindOptions[] = {
    {"except",
     [](Arguments& arguments, BindLine& bind) {
       const auto addresses = read_addresses(arguments);
       bind.except.insert(bind.except.end(), addresses.begin(), addresses.end());
     }},
};

}  // namespace

Result setup_bind(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "bind", context);
  BindLine bind;
  bind.addresses = read_addresses(arguments);
  if (Result done = arguments.finish(); !done) return done;
  if (Result done = read_options(line, kBindOptions, bind, context); !done) return done;
  std::erase_if(bind.addresses, [&](const SocketAddress& address) {
    return std::ranges::find(bind.except, address) != bind.except.end();
  });
  // CoreDNS listens on the wildcard then, which is the opposite of what was asked for.
  if (bind.addresses.empty()) {
    arguments.fail("'except' leaves no address to listen on, expected at least one");
    return arguments.finish();
  }
  for (const SocketAddress& address : bind.addresses) {
    if (std::ranges::find(block.bind, address) == block.bind.end()) block.bind.push_back(address);
  }
  return {};
}

}  // namespace nld::plugins
