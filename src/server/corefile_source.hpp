// Where the configuration comes from: a Corefile, node-cache's template, or the embedded default.
#pragma once

#include <expected>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "corefile/diagnostic.hpp"
#include "corefile/syntax.hpp"
#include "corefile/template.hpp"
#include "plugins/block.hpp"

namespace nld::server {

/// The flags that say where to look; names are node-cache's.
struct CorefileOptions {
  std::filesystem::path conf{};         ///< --conf; empty with neither of the others: the embedded default
  std::filesystem::path base{};         ///< -basecorefile: a template
  std::filesystem::path kube_dns_cm{};  ///< -kubednscm: folder of the kube-dns ConfigMap
  std::string upstream_service = "kube-dns";  ///< -upstreamsvc
  std::vector<std::string> cluster_dns{};     ///< --cluster-dns; empty: that Service's, from the environment
  std::vector<std::string> local_ips{};       ///< -localip
  std::string dns_domain{};                   ///< --cluster-domain, for __PILLAR__DNS__DOMAIN__
  std::string prometheus_endpoint{};          ///< -prometheus-listen-address
  std::uint16_t port = 53;                    ///< -dns.port: for zones without one

  [[nodiscard]] bool is_template() const noexcept { return !base.empty() || !kube_dns_cm.empty(); }
};

/// Printed by `serve --print-default`: a cache for this machine on 127.0.0.1:5300.
extern const char* const kDefaultCorefile;
/// Printed by `serve --print-default --localip …`, and used with -localip and no file: a node's cache, as a
/// template. Cluster zones and reverse zones go to the cluster DNS over TCP, the rest to /etc/resolv.conf.
extern const char* const kNodeCorefile;

struct Loaded {
  corefile::Syntax syntax;
  plugins::ServerConfig config;
  std::vector<std::string> notes;  ///< problems of the template that do not stop it, for the log
};

/// Reads everything anew at each `load`. `check` and `serve` both use this and nothing else.
class CorefileSource {
 public:
  CorefileSource(CorefileOptions options, corefile::Surroundings surroundings);

  [[nodiscard]] bool is_template() const noexcept { return options_.is_template(); }
  /// Error: `file:line: message`, or a file that cannot be read.
  std::expected<Loaded, std::string> load();
  /// Hex SHA-512 over every file that the last load read, as they are now: tells whether to load again.
  [[nodiscard]] std::string fingerprint() const;
  /// Those of these files that can be read now.
  [[nodiscard]] std::vector<std::string> readable() const;

 private:
  void watch_sources();
  std::expected<std::string, std::string> text(std::vector<std::string>& notes);
  [[nodiscard]] corefile::Diagnostic as_read(corefile::Diagnostic diagnostic) const;
  [[nodiscard]] corefile::TemplateValues values() const;

  CorefileOptions options_;
  corefile::Surroundings surroundings_;
  corefile::KubeDnsConfig kube_dns_;  ///< the last good one
  std::set<std::filesystem::path> watched_;
  std::vector<std::string> globs_;
};

}  // namespace nld::server
