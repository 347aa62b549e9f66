// dns64 [PREFIX] { prefix … }: reading it.
#include "plugins/dns64/config.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "plugins/arguments.hpp"
#include "plugins/listen_address.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

/// RFC 6052 §2.2 names the lengths 32, 40, 48, 56, 64 and 96; CoreDNS takes every multiple of 8 between.
void read_prefix(Arguments& arguments, Dns64Config& config) {
  const std::string_view text = arguments.word("PREFIX");
  if (arguments.failed()) return;
  const auto slash = text.find('/');
  std::array<std::uint8_t, 16> address{};
  const bool valid = inet_pton(AF_INET6, std::string(text.substr(0, slash)).c_str(), address.data()) == 1;
  const auto length = slash == std::string_view::npos ? std::nullopt : parse_port(text.substr(slash + 1));
  if (!valid || !length || *length % 8 != 0 || *length < 32 || *length > 96) {
    arguments.fail_value("PREFIX", text, "an IPv6 prefix such as 64:ff9b::/96, 32 to 96 bits in steps of 8");
    return;
  }
  config.prefix_octets = static_cast<std::uint8_t>(*length / 8);
  config.prefix = {};
  std::copy_n(address.begin(), config.prefix_octets, config.prefix.begin());
}

constexpr Option<Dns64Config> kDns64Options[] = {
    {"prefix", read_prefix},
    {"translate_all", [](Arguments&, Dns64Config& config) { config.translate_all = true; }},
    {"allow_ipv4", [](Arguments&, Dns64Config& config) { config.allow_ipv4 = true; }},
};

}  // namespace

Result setup_dns64(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Dns64Config config;
  Arguments arguments(line, "dns64", context);
  if (arguments.more()) read_prefix(arguments, config);
  if (Result done = arguments.finish(); !done) return done;
  if (Result done = read_options(line, kDns64Options, config, context); !done) return done;
  block.dns64 = config;
  return {};
}

}  // namespace nld::plugins
