// A backend's own names first, then what the plain one says of itself.
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
  if (commands.installed(named + "-restore")) return named;
  const auto version = commands.run({plain + "-restore", "--version"}, {});
  if (version && version->status == 0 && backend_of_version(version->out) == backend) return plain;
  return std::unexpected(named + " is not installed");
}

}  // namespace nld::net
