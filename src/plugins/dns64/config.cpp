// dns64 [PREFIX] { prefix … }: checking it.
#include "plugins/arguments.hpp"
#include "plugins/listen_address.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

struct Nothing {};

/// RFC 6052 §2.2 names the lengths 32, 40, 48, 56, 64 and 96; CoreDNS takes every multiple of 8 between.
void read_prefix(Arguments& arguments) {
  const std::string_view text = arguments.word("PREFIX");
  if (arguments.failed()) return;
  const auto slash = text.find('/');
  const auto address = runtime::SocketAddress::from_ip(text.substr(0, slash), 0);
  const auto length = slash == std::string_view::npos ? std::nullopt : parse_port(text.substr(slash + 1));
  if (!address || !address->is_v6() || !length || *length % 8 != 0 || *length < 32 || *length > 96) {
    arguments.fail_value("PREFIX", text, "an IPv6 prefix such as 64:ff9b::/96, 32 to 96 bits in steps of 8");
  }
}

constexpr Option<Nothing> kOptions[] = {
    {"prefix", [](Arguments& arguments, Nothing&) { read_prefix(arguments); }},
    {"translate_all", [](Arguments&, Nothing&) {}},
    {"allow_ipv4", [](Arguments&, Nothing&) {}},
};

}  // namespace

Result check_dns64(const corefile::Directive& line, BlockConfig&, SetupContext& context) {
  Arguments arguments(line, "dns64", context);
  if (arguments.more()) read_prefix(arguments);
  if (Result done = arguments.finish(); !done) return done;
  Nothing nothing;
  return read_options(line, kOptions, nothing, context);
}

}  // namespace nld::plugins
