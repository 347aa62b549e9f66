// Substitution as node-cache does it, byte for byte where its result shows.
#include "corefile/template.hpp"

#include <utility>

#include "runtime/socket_address.hpp"

namespace nld::corefile {
namespace {

constexpr std::string_view kClusterDns = "__PILLAR__CLUSTER__DNS__";
constexpr std::string_view kUpstreamServers = "__PILLAR__UPSTREAM__SERVERS__";
constexpr std::string_view kLocalDns = "__PILLAR__LOCAL__DNS__";
constexpr std::string_view kDnsServer = "__PILLAR__DNS__SERVER__";
constexpr std::string_view kDnsDomain = "__PILLAR__DNS__DOMAIN__";
constexpr std::string_view kPrometheusEndpoint = "__PILLAR__PROMETHEUS__ENDPOINT__";
constexpr std::string_view kShortPrometheusEndpoint = "__PROMETHEUS__ENDPOINT__";  // the end of the one above

// The forward block of the Kubernetes manifest. With nameservers of the operator's own, node-cache turns it
// to UDP, but only in exactly this spelling; another spelling keeps its transport.
constexpr std::string_view kUpstreamOverTcp =
    "\n    forward . __PILLAR__UPSTREAM__SERVERS__ {\n            force_tcp\n    }\n";
constexpr std::string_view kUpstreamOverUdp = "\n    forward . __PILLAR__UPSTREAM__SERVERS__\n";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  std::string result;
  std::size_t from = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, from)) {
    result.append(text, from, at - from);
    result += with;
    from = at + what.size();
  }
  if (from == 0) return;
  result.append(text, from);
  text = std::move(result);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

void substitute_upstream(RenderedTemplate& rendered, const std::vector<std::string>& nameservers) {
  if (nameservers.empty()) {
    replace_all(rendered.text, kUpstreamServers, "/etc/resolv.conf");
    return;
  }
  replace_all(rendered.text, kUpstreamOverTcp, kUpstreamOverUdp);
  replace_all(rendered.text, kUpstreamServers, joined(nameservers));
}

void substitute_optional(RenderedTemplate& rendered, std::string_view placeholder,
                         const std::optional<std::string>& value, const std::string& hint) {
  if (rendered.text.find(placeholder) == std::string::npos) return;
  if (value) {
    replace_all(rendered.text, placeholder, *value);
  } else {
    rendered.problems.push_back(std::string(placeholder) + " has no value: " + hint);
  }
}

}  // namespace

RenderedTemplate render_template(std::string_view base, const TemplateValues& values) {
  RenderedTemplate rendered{.text = std::string(base), .problems = {}};
  const std::string local = joined(values.local_ips);
  substitute_upstream(rendered, values.kube_dns.upstream_nameservers);
  substitute_optional(rendered, kClusterDns, values.cluster_dns,
                      "expected an address in the environment variable " +
                          service_host_variable(values.upstream_service) + " (the Service '" +
                          values.upstream_service + "' must exist before the pod starts)");
  replace_all(rendered.text, kLocalDns, local);
  replace_all(rendered.text, kDnsServer, "");
  substitute_optional(rendered, kDnsDomain, values.dns_domain, "expected the cluster domain");
  substitute_optional(rendered, kPrometheusEndpoint, values.prometheus_endpoint,
                      "expected an address to serve metrics on");
  if (values.prometheus_endpoint) {
    replace_all(rendered.text, kShortPrometheusEndpoint, *values.prometheus_endpoint);
  }
  for (const auto& [domain, servers] : values.kube_dns.stub_domains) {
    rendered.text += "\n" + domain + ":" + std::to_string(values.port) +
                     " {\n    errors\n    cache 30\n    bind " + local + "\n    forward . " +
                     joined(servers) + "\n}\n";
  }
  return rendered;
}

std::string service_host_variable(std::string_view service) {
  std::string variable;
  for (const char octet : service) {
    const bool small = octet >= 'a' && octet <= 'z';
    variable += octet == '-' ? '_' : small ? static_cast<char>(octet - 'a' + 'A') : octet;
  }
  return variable + "_SERVICE_HOST";
}

std::optional<std::string> cluster_dns_of(std::string_view service, const Surroundings& surroundings) {
  auto value = surroundings.environment(service_host_variable(service));
  if (value && !runtime::SocketAddress::from_ip(*value, 53)) value.reset();
  return value;
}

}  // namespace nld::corefile
