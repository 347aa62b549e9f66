// node-cache's template: placeholders in a base Corefile, and blocks for the kube-dns ConfigMap's stub
// domains.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "corefile/syntax.hpp"

namespace nld::corefile {

/// What the files say, unparsed. Compare two readings to learn whether anything changed.
struct TemplateFiles {
  std::string base;                                 ///< the base Corefile's text
  std::filesystem::path config_map;                 ///< the folder's name, for messages; empty: none
  std::optional<std::string> stub_domains;          ///< the key's text; nothing: no such key
  std::optional<std::string> upstream_nameservers;  ///< likewise
  friend bool operator==(const TemplateFiles&, const TemplateFiles&) = default;
};

/// Reads the base Corefile and, when `config_map` is not empty, the ConfigMap folder's two keys. An
/// unreadable file is an error with its name; a missing folder or key is none.
std::expected<TemplateFiles, std::string> read_template_files(const std::filesystem::path& base,
                                                              const std::filesystem::path& config_map,
                                                              const Surroundings& surroundings);

/// 64-bit content digest, to log or to compare without keeping the files. Not against an adversary.
std::uint64_t digest(const TemplateFiles& files);

struct KubeDnsConfig {
  std::map<std::string, std::vector<std::string>> stub_domains;  ///< domain to "ip", "ip:port", "[v6]:port"
  std::vector<std::string> upstream_nameservers;                 ///< likewise; empty: /etc/resolv.conf
  friend bool operator==(const KubeDnsConfig&, const KubeDnsConfig&) = default;
};

/// A key whose text is no good is reported in `problems`, with its file's name, and keeps its value of
/// `previous`; everything else is renewed.
KubeDnsConfig parse_kube_dns(const TemplateFiles& files, const KubeDnsConfig& previous,
                             std::vector<std::string>& problems);

struct TemplateValues {
  std::vector<std::string> local_ips;         ///< -localip: addresses to listen on
  std::uint16_t port = 53;                    ///< of the stub domains' blocks
  std::string upstream_service = "kube-dns";  ///< -upstreamsvc, for the message when cluster_dns is missing
  std::optional<std::string> cluster_dns;     ///< see cluster_dns_of()
  std::optional<std::string> dns_domain;      ///< cluster domain, when given
  std::optional<std::string> prometheus_endpoint;  ///< -prometheus-listen-address, when given
  KubeDnsConfig kube_dns;
};

struct RenderedTemplate {
  std::string text;
  std::vector<std::string>
      problems;  ///< placeholders without a value (left as they stand), notes for the log
};

/// Placeholders: __PILLAR__CLUSTER__DNS__, __PILLAR__UPSTREAM__SERVERS__, __PILLAR__LOCAL__DNS__,
/// __PILLAR__DNS__SERVER__ (becomes nothing: -localip names that address too), __PILLAR__DNS__DOMAIN__,
/// __PILLAR__PROMETHEUS__ENDPOINT__ (also without PILLAR). Stub domains are appended sorted by name.
RenderedTemplate render_template(std::string_view base, const TemplateValues& values);

/// "kube-dns-upstream" -> "KUBE_DNS_UPSTREAM_SERVICE_HOST", which Kubernetes sets in every pod.
std::string service_host_variable(std::string_view service);
/// The Service's cluster IP from the environment; nothing when unset or not an address.
std::optional<std::string> cluster_dns_of(std::string_view service, const Surroundings& surroundings);

}  // namespace nld::corefile
