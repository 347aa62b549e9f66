// The kube-dns ConfigMap as a mounted folder: reading its keys and checking their JSON.
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "corefile/template.hpp"
#include "corefile/zone.hpp"
#include "runtime/socket_address.hpp"

namespace nld::corefile {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxUpstreams = 3;   // kube-dns's own rule
constexpr std::size_t kMaxServers = 15;    // the most that one `forward` takes
constexpr std::size_t kMaxDomains = 1000;  // far above any cluster, far below what hurts
constexpr std::string_view kStubDomains = "stubDomains";
constexpr std::string_view kUpstreamNameservers = "upstreamNameservers";

std::expected<std::optional<std::string>, std::string> read_key(const std::filesystem::path& folder,
                                                                std::string_view key,
                                                                const Surroundings& surroundings) {
  const auto path = folder / key;
  // A pattern without a wildcard: does the file exist?
  if (surroundings.glob(path.string()).empty()) return std::nullopt;
  auto text = surroundings.read_file(path);
  if (!text) return std::unexpected(path.string() + ": " + text.error());
  return std::move(*text);
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

bool is_ip(std::string_view text) {
  return runtime::SocketAddress::from_ip(text, 53).has_value();
}

/// "10.0.0.1", "10.0.0.1:53", "fd00::1", "[fd00::1]:53", each also after dns:// or tls://.
bool is_nameserver(std::string_view text) {
  for (const std::string_view scheme : {"dns://", "tls://"}) {
    if (text.starts_with(scheme)) {
      text.remove_prefix(scheme.size());
      break;
    }
  }
  if (is_ip(text)) return true;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || !is_ip(text.substr(1, close - 1))) return false;
    const auto rest = text.substr(close + 1);
    return rest.empty() || (rest[0] == ':' && is_port(rest.substr(1)));
  }
  const auto colon = text.find(':');
  return colon != std::string_view::npos && is_ip(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

std::expected<std::vector<std::string>, std::string> nameservers(const json& value, const std::string& what) {
  if (!value.is_array()) return std::unexpected(what + ": expected a list of addresses");
  std::vector<std::string> servers;
  for (const json& item : value) {
    const auto* text = item.get_ptr<const std::string*>();
    if (text == nullptr || !is_nameserver(*text)) {
      // Not dump(): it recurses as deep as the value nests.
      const std::string found = text == nullptr ? item.type_name() : "'" + *text + "'";
      return std::unexpected(what + ": expected an address with or without a port, found " + found);
    }
    servers.push_back(*text);
  }
  return servers;
}

/// A domain safe to stand as a key: a name of letters, digits, '-', '_' and dots, as Kubernetes asks.
bool is_domain(const std::string& text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return text != "." && text.find_first_not_of(kAllowed) == std::string::npos && parse_zone(text).has_value();
}

std::expected<json, std::string> parse_json(const std::string& text) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return std::unexpected("not valid JSON");
  return value;
}

std::expected<std::map<std::string, std::vector<std::string>>, std::string> stub_domains(
    const std::string& text, std::vector<std::string>& problems, const std::string& file) {
  const auto value = parse_json(text);
  if (!value) return std::unexpected(value.error());
  std::map<std::string, std::vector<std::string>> domains;
  if (value->is_null()) return domains;
  if (!value->is_object()) return std::unexpected("expected a JSON object: domain to list of addresses");
  if (value->size() > kMaxDomains) {
    return std::unexpected("more than " + std::to_string(kMaxDomains) + " domains");
  }
  for (const auto& [domain, list] : value->items()) {
    const std::string what = "domain '" + domain + "'";
    auto servers = nameservers(list, what);
    if (!is_domain(domain)) {
      problems.push_back(file + ": " + what + " is no domain name; left out");
    } else if (!servers) {
      problems.push_back(file + ": " + servers.error() + "; left out");
    } else if (servers->empty() || servers->size() > kMaxServers) {
      problems.push_back(file + ": " + what + ": expected 1 to " + std::to_string(kMaxServers) +
                         " nameservers; left out");
    } else {
      domains.emplace(domain, std::move(*servers));
    }
  }
  return domains;
}

std::expected<std::vector<std::string>, std::string> upstream_nameservers(const std::string& text) {
  const auto value = parse_json(text);
  if (!value) return std::unexpected(value.error());
  if (value->is_null()) return std::vector<std::string>{};
  auto servers = nameservers(*value, "upstream nameservers");
  if (servers && servers->size() > kMaxUpstreams) {
    return std::unexpected("expected at most " + std::to_string(kMaxUpstreams) + " nameservers");
  }
  return servers;
}

}  // namespace

std::expected<TemplateFiles, std::string> read_template_files(const std::filesystem::path& base,
                                                              const std::filesystem::path& config_map,
                                                              const Surroundings& surroundings) {
  auto text = surroundings.read_file(base);
  if (!text) return std::unexpected(base.string() + ": " + text.error());
  TemplateFiles files{.base = std::move(*text),
                      .config_map = config_map,
                      .stub_domains = std::nullopt,
                      .upstream_nameservers = std::nullopt};
  if (config_map.empty()) return files;
  auto stubs = read_key(config_map, kStubDomains, surroundings);
  if (!stubs) return std::unexpected(std::move(stubs.error()));
  files.stub_domains = std::move(*stubs);
  auto upstreams = read_key(config_map, kUpstreamNameservers, surroundings);
  if (!upstreams) return std::unexpected(std::move(upstreams.error()));
  files.upstream_nameservers = std::move(*upstreams);
  return files;
}

std::uint64_t digest(const TemplateFiles& files) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a, 64 bit
  const auto add = [&hash](std::string_view text) {
    for (const char octet : text) hash = (hash ^ static_cast<unsigned char>(octet)) * 1099511628211U;
  };
  const auto add_part = [&add](const std::string* text) {
    // Length first, so that no text moves from one part to the next unseen.
    add(text == nullptr ? "absent" : std::to_string(text->size()) + ":");
    if (text != nullptr) add(*text);
  };
  add_part(&files.base);
  add_part(files.stub_domains ? &*files.stub_domains : nullptr);
  add_part(files.upstream_nameservers ? &*files.upstream_nameservers : nullptr);
  return hash;
}

KubeDnsConfig parse_kube_dns(const TemplateFiles& files, const KubeDnsConfig& previous,
                             std::vector<std::string>& problems) {
  KubeDnsConfig config;
  const auto file_of = [&files](std::string_view key) { return (files.config_map / key).string(); };
  if (files.stub_domains) {
    const std::string file = file_of(kStubDomains);
    if (auto domains = stub_domains(*files.stub_domains, problems, file)) {
      config.stub_domains = std::move(*domains);
    } else {
      problems.push_back(file + ": " + domains.error() + "; its former value stays");
      config.stub_domains = previous.stub_domains;
    }
  }
  if (files.upstream_nameservers) {
    if (auto servers = upstream_nameservers(*files.upstream_nameservers)) {
      config.upstream_nameservers = std::move(*servers);
    } else {
      problems.push_back(file_of(kUpstreamNameservers) + ": " + servers.error() + "; its former value stays");
      config.upstream_nameservers = previous.upstream_nameservers;
    }
  }
  return config;
}

}  // namespace nld::corefile
