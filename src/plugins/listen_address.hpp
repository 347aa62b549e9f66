// Addresses to listen on and to send to, as Corefiles write them: "host:port" in its forms.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/socket_address.hpp"

namespace nld::plugins {

class Arguments;

struct HostPort {
  std::string_view host;                 ///< brackets removed; may be empty
  std::optional<std::string_view> port;  ///< none: nothing after the host
};
/// "10.0.0.1", "10.0.0.1:53", "[fd00::1]:53", "[fd00::1]", "fd00::1", ":8080", "localhost:9153". Two colons
/// without brackets are an IPv6 address. None: brackets that do not fit.
std::optional<HostPort> split_host_port(std::string_view text) noexcept;

/// 0 to 65535 in decimal digits, nothing else.
std::optional<std::uint16_t> parse_port(std::string_view text) noexcept;

/// The listen address of `prometheus`, `health`, `ready`: the port is required (0: the kernel's choice), an
/// empty host is the wildcard of both families [::], "localhost" is 127.0.0.1. Error: what was expected.
std::expected<runtime::SocketAddress, std::string> parse_listen_address(std::string_view text);

/// The optional ADDRESS of such a directive; `fallback` when it has none. A wrong one fails `arguments`.
runtime::SocketAddress read_listen_address(Arguments& arguments, std::string_view fallback);

}  // namespace nld::plugins
