// The TO... of `forward`: addresses, and files in resolv.conf form.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/arguments.hpp"
#include "runtime/socket_address.hpp"

namespace nld::plugins {

struct UpstreamAddress {
  runtime::SocketAddress address;
  bool over_tls = false;
  std::string server_name{};  ///< of `tls://IP%NAME`
};

/// Reads all words left. Files are read through the surroundings and noted for reload.
std::vector<UpstreamAddress> read_upstreams(Arguments& arguments);

/// A host name, lower-case and without its last dot, or an IP address: what a certificate can be for. Fails
/// `arguments` otherwise.
std::string read_server_name(Arguments& arguments, std::string_view what, std::string_view text);

/// The servers of the `nameserver` lines, port 53 (resolv.conf(5) has no port). Error: what is wrong in it.
std::expected<std::vector<runtime::SocketAddress>, std::string> parse_resolv_conf(std::string_view text);

}  // namespace nld::plugins
