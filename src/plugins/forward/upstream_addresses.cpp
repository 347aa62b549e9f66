// Reading upstream addresses.
#include "plugins/forward/upstream_addresses.hpp"

#include "plugins/listen_address.hpp"

namespace nld::plugins {
namespace {

using runtime::SocketAddress;

constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kTlsPort = 853;
constexpr std::size_t kMaxUpstreams = 15;  // CoreDNS's limit
constexpr std::string_view kBlanks = " \t\r";

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

/// Takes the scheme off; none: it is one that is not served, and an error is set.
std::optional<bool> take_scheme(Arguments& arguments, std::string_view& text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, colon);
  if (scheme == "dns" || scheme == "tls") {
    text.remove_prefix(colon + 3);
    return scheme == "tls";
  }
  if (scheme == "https") {
    arguments.fail("TO '" + std::string(text) +
                   "': https:// upstreams come later, expected an address, or tls:// before it");
  } else {
    arguments.fail("TO '" + std::string(text) + "': protocol '" + std::string(scheme) +
                   "' is not supported, expected tls://, dns:// or none");
  }
  return std::nullopt;
}

struct Named {
  std::string address;
  std::optional<std::string> server;
};

/// "9.9.9.9%dns.quad9.net:853", "[fd00::1]%a.test:853", "[fd00::1%a.test]:853", "fd00::1%a.test:853": the
/// name apart, and the address in the form that its port needs.
Named split_server_name(std::string_view text) {
  const auto percent = text.find('%');
  if (percent == std::string_view::npos) return {std::string(text), std::nullopt};
  const std::string_view before = text.substr(0, percent);
  const std::string_view after = text.substr(percent + 1);
  const std::string_view name = after.substr(0, after.find_first_of(":]"));
  const std::string_view rest = after.substr(name.size());
  const bool bare_v6 = !before.starts_with('[') && before.find(':') != std::string_view::npos;
  std::string address(before);
  if (bare_v6 && rest.starts_with(':')) address = "[" + address + "]";
  return {address.append(rest), std::string(name)};
}

bool looks_like_path(std::string_view text) {
  return text.find('/') != std::string_view::npos;
}

void read_file(Arguments& arguments, std::string_view path, std::vector<UpstreamAddress>& out) {
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
  for (const SocketAddress& server : *servers) out.push_back({.address = server});
}

std::optional<SocketAddress> read_address(Arguments& arguments, std::string_view word, std::string_view text,
                                          std::uint16_t default_port) {
  const auto split = split_host_port(text);
  auto address = split ? SocketAddress::from_ip(split->host, default_port) : std::nullopt;
  if (!address) return std::nullopt;
  if (split->port) {
    const auto port = parse_port(*split->port);
    if (!port || *port == 0) {
      arguments.fail_value("TO", word, "a port from 1 to 65535 after the last colon");
      return address;
    }
    address->set_port(*port);
  }
  if (address->is_wildcard()) arguments.fail_value("TO", word, "the address of a DNS server");
  return address;
}

void read_over_tls(Arguments& arguments, std::string_view word, std::string_view text,
                   std::vector<UpstreamAddress>& out) {
  const Named named = split_server_name(text);
  const auto address = read_address(arguments, word, named.address, kTlsPort);
  if (!address) {
    arguments.fail_value("TO", word,
                         "tls:// and an IP address, with %SERVER_NAME and :PORT if it needs them");
    return;
  }
  UpstreamAddress found{.address = *address, .over_tls = true};
  if (named.server) found.server_name = read_server_name(arguments, "SERVER_NAME", *named.server);
  out.push_back(std::move(found));
}

void read_one(Arguments& arguments, std::vector<UpstreamAddress>& out) {
  const std::string_view word = arguments.word("TO");
  std::string_view text = word;
  const auto over_tls = arguments.failed() ? std::nullopt : take_scheme(arguments, text);
  if (!over_tls) return;
  if (*over_tls) {
    read_over_tls(arguments, word, text, out);
  } else if (const auto address = read_address(arguments, text, text, kDnsPort)) {
    out.push_back({.address = *address});
  } else {
    read_file(arguments, text, out);
  }
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

std::string read_server_name(Arguments& arguments, std::string_view what, std::string_view text) {
  if (SocketAddress::from_ip(text, kTlsPort)) return std::string(text);
  const auto name = dns::Name::from_text(text);
  if (!name || name->is_root()) {
    arguments.fail_value(what, text, "the name that the server's certificate is for");
    return {};
  }
  std::string out = name->lowered().to_text();
  out.pop_back();
  return out;
}

std::vector<UpstreamAddress> read_upstreams(Arguments& arguments) {
  std::vector<UpstreamAddress> out;
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
