// Splitting "host:port" and resolving it without DNS.
#include "plugins/listen_address.hpp"

#include <charconv>

#include "plugins/arguments.hpp"

namespace nld::plugins {

std::optional<HostPort> split_host_port(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return HostPort{host, std::nullopt};
    if (rest.front() != ':') return std::nullopt;
    return HostPort{host, rest.substr(1)};
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return HostPort{text, std::nullopt};
  }
  return HostPort{text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::expected<runtime::SocketAddress, std::string> parse_listen_address(std::string_view text) {
  const auto split = split_host_port(text);
  if (!split || !split->port) {
    return std::unexpected("HOST:PORT, such as :8080, 127.0.0.1:8080 or [fd00::1]:8080");
  }
  const auto port = parse_port(*split->port);
  if (!port) return std::unexpected("a port from 0 to 65535 after the last colon");
  std::string_view host = split->host;
  // Go binds an empty host to [::] with IPV6_V6ONLY off, which takes both families.
  if (host.empty()) host = "::";
  // Resolved without a resolver: this program is the node's resolver and may not be up yet.
  if (host == "localhost") host = "127.0.0.1";
  const auto address = runtime::SocketAddress::from_ip(host, *port);
  if (!address) return std::unexpected("an IP address, localhost or nothing before the port");
  return *address;
}

runtime::SocketAddress read_listen_address(Arguments& arguments, std::string_view fallback) {
  const std::string_view text = arguments.more() ? arguments.word("ADDRESS") : fallback;
  const auto address = parse_listen_address(text);
  if (!address) arguments.fail_value("ADDRESS", text, address.error());
  return address.value_or(runtime::SocketAddress());
}

}  // namespace nld::plugins
