// The TO... of `forward`: addresses, and files in resolv.conf form.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/arguments.hpp"
#include "runtime/socket_address.hpp"

namespace nld::plugins {

/// Reads all words left. Files are read through the surroundings and noted for reload.
std::vector<runtime::SocketAddress> read_upstreams(Arguments& arguments);

/// The servers of the `nameserver` lines, port 53 (resolv.conf(5) has no port). Error: what is wrong in it.
std::expected<std::vector<runtime::SocketAddress>, std::string> parse_resolv_conf(std::string_view text);

}  // namespace nld::plugins
