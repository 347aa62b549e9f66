// Reading upstream addresses.
#include "plugins/forward/upstream_addresses.hpp"

#include "plugins/listen_address.hpp"

namespace nld::plugins {
namespace {

using runtime::SocketAddress;

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kMaxUpstreams = 15;  // CoreDNS's limit
constexpr std::string_view kBlanks = " \t\r";

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

/// True when a scheme was there and the word is dealt with (an error set).
bool refuse_scheme(Arguments& arguments, std::string_view& text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, colon);
  if (scheme == "dns") {
    text.remove_prefix(colon + 3);
    return false;
  }
  if (scheme == "tls" || scheme == "https") {
    arguments.fail("TO '" + std::string(text) + "': " + std::string(scheme) +
                   ":// upstreams come later, expected an address for plain DNS");
  } else {
    arguments.fail("TO '" + std::string(text) + "': protocol '" + std::string(scheme) +
                   "' is not supported, expected dns:// or none");
  }
  return true;
}

bool looks_like_path(std::string_view text) {
  return text.find('/') != std::string_view::npos;
}

void read_file(Arguments& arguments, std::string_view path, std::vector<SocketAddress>& out) {
  SetupContext& context = arguments.context();
  const auto text = context.surroundings.read_file(path);
  if (!text && looks_like_path(path)) {
    arguments.fail("TO: cannot read file '" + std::string(path) + "': " + text.error());
    return;
  }
  if (!text) {
    arguments.fail_value("TO", path,
                         "IP, IP:PORT, [IPv6]:PORT or a file such as /etc/resolv.conf; host names are not "
                         "resolved, as this program is what the node resolves with");
    return;
  }
  context.files.emplace_back(path);
  const auto servers = parse_resolv_conf(*text);
  if (!servers) {
    arguments.fail("TO: in file '" + std::string(path) + "': " + servers.error());
    return;
  }
  out.insert(out.end(), servers->begin(), servers->end());
}

void read_one(Arguments& arguments, std::vector<SocketAddress>& out) {
  std::string_view text = arguments.word("TO");
  if (arguments.failed() || refuse_scheme(arguments, text)) return;
  const auto split = split_host_port(text);
  const auto plain = split ? SocketAddress::from_ip(split->host, kDnsPort) : std::nullopt;
  if (!plain) {
    read_file(arguments, text, out);
    return;
  }
  SocketAddress address = *plain;
  if (split->port) {
    const auto port = parse_port(*split->port);
    if (!port || *port == 0) {
      arguments.fail_value("TO", text, "a port from 1 to 65535 after the last colon");
      return;
    }
    address.set_port(*port);
  }
  if (address.is_wildcard()) {
    arguments.fail_value("TO", text, "the address of a DNS server");
    return;
  }
  out.push_back(address);
}

}  // namespace

std::expected<std::vector<SocketAddress>, std::string> parse_resolv_conf(std::string_view text) {
  std::vector<SocketAddress> out;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    // resolv.conf(5): ';' or '#' in the first column makes a comment.
    if (line.starts_with('#') || line.starts_with(';')) continue;
    if (take_word(line) != "nameserver") continue;
    const std::string_view server = take_word(line);
    if (server.empty()) continue;
    const auto address = SocketAddress::from_ip(server, kDnsPort);
    if (!address) {
      return std::unexpected("line " + std::to_string(number) + ": nameserver '" + std::string(server) +
                             "' is wrong, expected an IP address");
    }
    out.push_back(*address);
  }
  if (out.empty()) return std::unexpected("no nameserver line, expected at least one");
  return out;
}

std::vector<SocketAddress> read_upstreams(Arguments& arguments) {
  std::vector<SocketAddress> out;
  do {
    read_one(arguments, out);
  } while (arguments.more());
  if (out.size() > kMaxUpstreams) {
    arguments.fail("has " + std::to_string(out.size()) + " upstreams, expected at most " +
                   std::to_string(kMaxUpstreams));
  }
  return out;
}

}  // namespace nld::plugins
