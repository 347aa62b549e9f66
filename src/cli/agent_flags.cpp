// Names and meanings; node-cache's flags keep theirs.
#include "cli/agent_flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "cli/accepted_flags.hpp"
#include "cli/command.hpp"
#include "cli/node_cache_files.hpp"
#include "corefile/duration.hpp"
#include "corefile/template.hpp"

namespace nld::cli {
namespace {

constexpr const char* kDefaultLocalIp = "169.254.20.10";
/// Linux's IFNAMSIZ less the final zero.
constexpr std::size_t kMaxInterfaceName = 15;

using Error = std::unexpected<std::string>;

std::expected<std::vector<runtime::SocketAddress>, std::string> parse_addresses(
    const char* flag, const std::vector<std::string>& words) {
  std::vector<runtime::SocketAddress> out;
  for (const std::string& word : words) {
    const auto address = runtime::SocketAddress::from_ip(word, 0);
    if (!address) return Error(std::string(flag) + " " + word + ": expected an IP address");
    if (address->is_wildcard())
      return Error(std::string(flag) + " " + word + ": expected one address, not all");
    if (std::ranges::find(out, *address) == out.end()) out.push_back(*address);
  }
  return out;
}

/// "127.0.0.1:9353", "[::]:9353", ":9353"
std::optional<runtime::SocketAddress> parse_listen_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data() + colon + 1, end, port);
  if (failed != std::errc{} || stop != end) return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return runtime::SocketAddress::from_ip(host.empty() ? "::" : host, port);
}

/// Go's notation, or a bare number of seconds. node-cache multiplies what it reads by a second, so that its
/// users write "30ns" for 30 s.
std::expected<std::chrono::milliseconds, std::string> parse_interval(const char* flag,
                                                                     const std::string& text) {
  std::string_view digits = text;
  if (digits.ends_with("ns")) digits.remove_suffix(2);
  const bool number = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
  const auto parsed = corefile::parse_duration(number ? std::string(digits) + "s" : text);
  if (!parsed) return Error(std::string(flag) + ": " + parsed.error());
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(*parsed);
  if (interval < std::chrono::milliseconds(10) || interval > std::chrono::hours(24)) {
    return Error(std::string(flag) + " " + text + ": expected 10ms to 24h");
  }
  return interval;
}

/// NAMESPACE/NAME:PORTNAME[,TCPPORTNAME]
std::expected<net::DnsService, std::string> parse_service(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::size_t colon = text.find(':', slash == text.npos ? 0 : slash);
  if (slash == text.npos || slash == 0 || colon == text.npos || colon == slash + 1) {
    return Error("--dns-service " + text + ": expected NAMESPACE/NAME:PORTNAME[,TCPPORTNAME]");
  }
  const std::size_t comma = text.find(',', colon);
  net::DnsService service;
  service.space = text.substr(0, slash);
  service.name = text.substr(slash + 1, colon - slash - 1);
  service.udp_port = text.substr(colon + 1, comma == text.npos ? comma : comma - colon - 1);
  service.tcp_port = comma == text.npos ? service.udp_port + "-tcp" : text.substr(comma + 1);
  return service;
}

template <typename Value>
std::optional<Value> named(const std::string& word, std::initializer_list<Value> values) {
  for (const Value value : values) {
    if (net::to_string(value) == word) return value;
  }
  return std::nullopt;
}

std::vector<std::string> split_command(const std::string& text) {
  std::vector<std::string> words = CLI::detail::split_up(text);
  for (std::string& word : words) CLI::detail::remove_quotes(word);
  std::erase(words, "");
  return words;
}

std::expected<void, std::string> settle_cluster_dns(const AgentFlags& flags, net::RulesOptions& rules) {
  auto given = flags.corefile.cluster_dns;
  if (given.empty()) {
    const auto found =
        corefile::cluster_dns_of(flags.corefile.upstream_service, corefile::real_surroundings());
    if (found) given.push_back(*found);
  }
  auto addresses = parse_addresses("--cluster-dns", given);
  if (!addresses) return Error(addresses.error());
  rules.cluster_dns = std::move(*addresses);
  const auto v6 = static_cast<std::size_t>(
      std::ranges::count_if(rules.cluster_dns, [](const auto& address) { return address.is_v6(); }));
  if (v6 > 1 || rules.cluster_dns.size() - v6 > 1)
    return Error("--cluster-dns: expected one address of a family at most");
  for (const auto& address : rules.cluster_dns) {
    if (std::ranges::find(rules.addresses, address) == rules.addresses.end()) continue;
    return Error(
        "--cluster-dns " + address.ip_text() +
        " is one of --localip, so it cannot be the fallback: name another Service of the same pods with "
        "--upstreamsvc (node-cache's manifest calls it kube-dns-upstream)");
  }
  return {};
}

}  // namespace

void add_network_flags(CLI::App& command, AgentFlags& flags) {
  command.add_option("--mode", flags.mode, "How packets come to the local server: see docs/rules.md.")
      ->check(CLI::IsMember({"fallback", "transparent", "notrack", "none"}))
      ->capture_default_str();
  command.add_option("--fallback", flags.fallback, "Method of mode fallback.")
      ->check(CLI::IsMember({"auto", "chain", "steer"}))
      ->capture_default_str();
  command.add_option("--kube-proxy-mode", flags.kube_proxy_mode, "What serves the cluster's Services here.")
      ->check(CLI::IsMember({"auto", "iptables", "ipvs", "nftables", "none"}))
      ->capture_default_str();
  command.add_option("--iptables-backend", flags.backend, "Which iptables the host uses.")
      ->check(CLI::IsMember({"auto", "nft", "legacy"}))
      ->capture_default_str();
  command
      .add_option("--dns-service", flags.dns_service,
                  "The cluster DNS's Service, for kube-proxy's chain names.")
      ->type_name("NAMESPACE/NAME:PORT[,TCPPORT]")
      ->capture_default_str();
  command.add_option("--interfacename", flags.interface, "Interface that holds the local addresses.")
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_flag("--setupinterface", flags.setup_interface,
                "Create the interface and keep it (default: true).")
      ->default_str("true");
  command.add_flag("--setupiptables", flags.setup_iptables, "Write the rules and keep them (default: true).")
      ->default_str("true");
  command.add_option("--health-port", flags.health_port, "Port of `health`, for the rules of mode notrack.")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
}

void add_run_flags(CLI::App& command, AgentFlags& flags) {
  add_corefile_flags(command, flags.corefile);
  add_serve_flags(command, flags.serve);
  add_network_flags(command, flags);
  command
      .add_option("--syncinterval", flags.sync_interval,
                  "How often rules and interface are checked; seconds or Go notation.")
      ->type_name("TIME")
      ->capture_default_str();
  command.add_flag("--skipteardown", flags.skip_teardown, "Keep the interface when the agent ends.");
  command
      .add_option("--metrics-listen-address", flags.metrics_address,
                  "Where the agent's own metrics are; empty: nowhere.")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command.add_option("--pidfile", flags.pid_file, "File to write the agent's process number to.")
      ->type_name("FILE");
  command
      .add_option("--server-command", flags.server_command,
                  "DNS server to run in place of our own, in the foreground: \"coredns -conf "
                  "/etc/coredns/Corefile\".")
      ->type_name("COMMAND");
  command
      .add_option("--probe-name", flags.probe_name,
                  "Name that the liveness probe asks for (default: version.bind in class CH, which needs no "
                  "upstream).")
      ->type_name("NAME");
  command.add_option("--probe-interval", flags.probe_interval, "How often the server is probed.")
      ->type_name("TIME")
      ->capture_default_str();
  add_accepted_flags(command);
}

std::expected<agent::AgentOptions, std::string> to_options(const AgentFlags& flags) {
  agent::AgentOptions options;
  options.corefile = flags.corefile;
  if (options.corefile.local_ips.empty()) options.corefile.local_ips = {kDefaultLocalIp};
  options.configuration = find_node_cache_files(options.corefile);

  net::RulesOptions& rules = options.rules;
  using net::Backend, net::KubeProxyMode, net::Method, net::Mode;
  rules.mode = named(flags.mode, {Mode::fallback, Mode::transparent, Mode::notrack, Mode::none})
                   .value_or(Mode::fallback);
  rules.method = named(flags.fallback, {Method::chain, Method::steer});
  rules.kube_proxy = named(flags.kube_proxy_mode, {KubeProxyMode::iptables, KubeProxyMode::ipvs,
                                                   KubeProxyMode::nftables, KubeProxyMode::none});
  rules.backend = named(flags.backend, {Backend::nft, Backend::legacy});
  rules.port = options.corefile.port;
  rules.health_port = flags.health_port;
  auto addresses = parse_addresses("--localip", options.corefile.local_ips);
  if (!addresses) return Error(addresses.error());
  rules.addresses = std::move(*addresses);
  auto service = parse_service(flags.dns_service);
  if (!service) return Error(service.error());
  rules.service = std::move(*service);
  if (rules.mode == Mode::fallback) {
    if (auto settled = settle_cluster_dns(flags, rules); !settled) return Error(settled.error());
  }

  if (flags.interface.empty() || flags.interface.size() > kMaxInterfaceName ||
      flags.interface.find_first_of("/ \t") != std::string::npos) {
    return Error("--interfacename " + flags.interface +
                 ": expected 1 to 15 characters without '/' or blanks");
  }
  options.interface = flags.interface;
  options.setup_interface = flags.setup_interface;
  options.setup_rules = flags.setup_iptables && rules.mode != Mode::none;
  options.skip_teardown = flags.skip_teardown;
  if (!flags.metrics_address.empty()) {
    options.metrics_address = parse_listen_address(flags.metrics_address);
    if (!options.metrics_address) {
      return Error("--metrics-listen-address " + flags.metrics_address +
                   ": expected IP:PORT, an IPv6 address in brackets, or :PORT for all");
    }
  }
  options.pid_file = flags.pid_file;
  options.server_command = split_command(flags.server_command);
  options.probe_name = flags.probe_name;
  const auto sync = parse_interval("--syncinterval", flags.sync_interval);
  if (!sync) return Error(sync.error());
  options.sync_interval = *sync;
  const auto probe = parse_interval("--probe-interval", flags.probe_interval);
  if (!probe) return Error(probe.error());
  options.probe_interval = *probe;

  options.serve_arguments = to_arguments(options.corefile);
  const std::vector<std::string> serve = to_arguments(flags.serve);
  options.serve_arguments.insert(options.serve_arguments.end(), serve.begin(), serve.end());
  return options;
}

}  // namespace nld::cli
