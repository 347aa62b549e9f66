// The names under which a backend's programs are installed.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "net/command.hpp"
#include "net/iptables/iptables.hpp"

namespace nld::net {

/// "iptables-nft", to which "-save" and "-restore" are added; "iptables" where there is no such name and the
/// plain program is of that backend, by its word: only this one is run. Error: neither.
std::expected<std::string, std::string> find_programs(CommandRunner& commands, Backend backend,
                                                      Family family);

/// The backend by what `iptables --version` says: "iptables v1.8.9 (nf_tables)". Before 1.8 there was but
/// one, and nothing in brackets.
Backend backend_of_version(std::string_view version) noexcept;

}  // namespace nld::net
