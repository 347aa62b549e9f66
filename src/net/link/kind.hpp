// Which types of link may hold the local addresses, and the choice among them.
#pragma once

#include <expected>
#include <functional>
#include <string_view>

#include "net/link/route_socket.hpp"

namespace nld::net {

inline constexpr std::string_view kDummy = "dummy";
/// The alias of every stand-in we made: what tells our bridge from a CNI's.
inline constexpr std::string_view kAlias = "node-local-dns";

/// Whether a link found under our name is one to use, mend and delete.
bool is_ours(const FoundLink& link) noexcept;

/// Calls `create` with dummy and then with its stand-ins, as long as the kernel says that it knows no such
/// type (NLE_OPNOTSUPP). The kind that was made, or the first other error.
std::expected<std::string_view, NetlinkCode> create_first_known(
    const std::function<std::expected<void, NetlinkCode>(std::string_view kind)>& create);

}  // namespace nld::net
