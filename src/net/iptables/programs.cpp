// Asks the programs for their version.
#include "net/iptables/programs.hpp"

#include <fmt/format.h>

namespace nld::net {

Backend backend_of_version(std::string_view version) noexcept {
  return version.contains("(nf_tables)") ? Backend::nft : Backend::legacy;
}

std::expected<std::string, std::string> find_programs(CommandRunner& commands, Backend backend,
                                                      Family family) {
  std::string plain = family == Family::ipv4 ? "iptables" : "ip6tables";
  std::string named = fmt::format("{}-{}", plain, to_string(backend));
  const auto version = [&](const std::string& name) {
    return commands.run({name + "-restore", "--version"}, {});
  };
  const auto by_name = version(named);
  if (by_name && by_name->status == 0) return named;
  const auto by_default = version(plain);
  if (by_default && by_default->status == 0 && backend_of_version(by_default->out) == backend) return plain;
  return std::unexpected(
      fmt::format("{} is not installed{}", named, by_name ? "" : fmt::format(" ({})", by_name.error())));
}

}  // namespace nld::net
