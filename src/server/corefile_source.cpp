// Reading, substituting, parsing and validating the configuration.
#include "server/corefile_source.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <memory>

#include "plugins/directives.hpp"
#include "runtime/sha2.hpp"

namespace nld::server {
namespace {

constexpr const char* kEmbedded = "<default>";

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// Without a cluster DNS there is nobody to send the cluster's zones to: that block is left out.
std::string node_corefile(corefile::TemplateValues values, std::vector<std::string>& notes) {
  std::string_view text = kNodeCorefile;
  if (!values.cluster_dns) {
    notes.push_back("no cluster DNS is known (--cluster-dns, or the Service '" + values.upstream_service +
                    "' in the environment): names of the cluster are asked of /etc/resolv.conf, too");
    text.remove_prefix(text.find(".:53 {"));
  }
  if (!values.dns_domain) values.dns_domain = "cluster.local";
  if (!values.prometheus_endpoint) values.prometheus_endpoint = ":9253";
  corefile::RenderedTemplate rendered = corefile::render_template(text, values);
  notes.insert(notes.end(), rendered.problems.begin(), rendered.problems.end());
  return std::move(rendered.text);
}

std::string sha512_hex(std::string_view text) {
  std::string hex;
  for (const std::uint8_t octet : runtime::sha512(text)) hex += fmt::format("{:02x}", octet);
  return hex;
}

/// What the template had to leave open is often the cause of what is wrong with the result.
std::unexpected<std::string> refuse(const corefile::Diagnostic& error,
                                    const std::vector<std::string>& notes) {
  std::string text = error.to_string();
  for (const std::string& note : notes) text += "\nnote: " + note;
  return std::unexpected(std::move(text));
}

}  // namespace

const char* const kDefaultCorefile = R"(# The embedded default: a DNS cache for this machine alone.
.:5300 {
    bind 127.0.0.1
    errors
    cache 30
    loop
    reload
    forward . /etc/resolv.conf
    prometheus 127.0.0.1:9253
    health 127.0.0.1:8080
    ready 127.0.0.1:8181
}
)";

const char* const kNodeCorefile = R"(__PILLAR__DNS__DOMAIN__:53 in-addr.arpa:53 ip6.arpa:53 {
    bind __PILLAR__LOCAL__DNS__
    errors
    cache {
        success 9984 30
        denial 9984 5
    }
    loop
    reload
    forward . __PILLAR__CLUSTER__DNS__ {
        force_tcp
    }
    prometheus __PILLAR__PROMETHEUS__ENDPOINT__
}
.:53 {
    bind __PILLAR__LOCAL__DNS__
    errors
    cache 30
    loop
    reload
    forward . __PILLAR__UPSTREAM__SERVERS__
    prometheus __PILLAR__PROMETHEUS__ENDPOINT__
}
)";

CorefileSource::CorefileSource(CorefileOptions options, corefile::Surroundings surroundings)
    : options_(std::move(options)), surroundings_(std::move(surroundings)) {
  // node-cache's names for its two files; -kubednscm alone means a template too.
  if (options_.base.empty() && !options_.kube_dns_cm.empty()) options_.base = options_.conf;
}

void CorefileSource::watch_sources() {
  for (const auto& file : {options_.conf, options_.base}) {
    if (!file.empty()) watched_.insert(file);
  }
  if (options_.kube_dns_cm.empty()) return;
  watched_.insert(options_.kube_dns_cm / "stubDomains");
  watched_.insert(options_.kube_dns_cm / "upstreamNameservers");
}

std::expected<std::string, std::string> CorefileSource::text(std::vector<std::string>& notes) {
  watch_sources();
  if (!options_.is_template()) {
    if (!options_.conf.empty()) {
      auto content = surroundings_.read_file(options_.conf);
      if (!content) return std::unexpected(options_.conf.string() + ": " + content.error());
      return content;
    }
    if (options_.local_ips.empty()) return kDefaultCorefile;
    return node_corefile(values(), notes);
  }

  const auto files = corefile::read_template_files(options_.base, options_.kube_dns_cm, surroundings_);
  if (!files) return std::unexpected(files.error());
  kube_dns_ = corefile::parse_kube_dns(*files, kube_dns_, notes);
  corefile::RenderedTemplate rendered = corefile::render_template(files->base, values());
  notes.insert(notes.end(), rendered.problems.begin(), rendered.problems.end());
  return std::move(rendered.text);
}

corefile::TemplateValues CorefileSource::values() const {
  corefile::TemplateValues values{
      .local_ips = options_.local_ips,
      .port = options_.port,
      .upstream_service = options_.upstream_service,
      .cluster_dns = corefile::cluster_dns_of(options_.upstream_service, surroundings_),
      .dns_domain = std::nullopt,
      .prometheus_endpoint = std::nullopt,
      .kube_dns = kube_dns_};
  if (!options_.cluster_dns.empty()) values.cluster_dns = joined(options_.cluster_dns);
  if (!options_.dns_domain.empty()) values.dns_domain = options_.dns_domain;
  if (!options_.prometheus_endpoint.empty()) values.prometheus_endpoint = options_.prometheus_endpoint;
  return values;
}

/// What is wrong is in the template, whose lines are those of the result; -conf may not even exist.
corefile::Diagnostic CorefileSource::as_read(corefile::Diagnostic diagnostic) const {
  if (!options_.base.empty() && diagnostic.where.file == options_.conf.string()) {
    diagnostic.where.file = options_.base.string();
  }
  return diagnostic;
}

std::expected<Loaded, std::string> CorefileSource::load() {
  Loaded loaded;
  const auto source = text(loaded.notes);
  if (!source) return std::unexpected(source.error());
  // node-cache writes the rendered template to -conf: relative imports are looked up beside that file.
  const std::filesystem::path file = options_.conf.empty() ? options_.base : options_.conf;
  const std::string name = file.empty() ? kEmbedded : file.string();
  auto syntax = corefile::parse(*source, name, surroundings_);
  if (!syntax) return refuse(as_read(syntax.error()), loaded.notes);
  auto config = plugins::configure(*syntax, surroundings_, options_.port);
  if (!config) return refuse(as_read(config.error()), loaded.notes);
  for (corefile::Diagnostic& warning : config->warnings) warning = as_read(std::move(warning));
  // Only a load that succeeds forgets files: after a failure the file whose change mends it may be any of
  // those watched so far.
  watched_.clear();
  watch_sources();
  watched_.insert(syntax->files.begin(), syntax->files.end());
  watched_.insert(config->files.begin(), config->files.end());
  globs_ = syntax->globs;
  config->digest = sha512_hex(*source + fingerprint());
  loaded.syntax = std::move(*syntax);
  loaded.config = std::move(*config);
  return loaded;
}

std::vector<std::string> CorefileSource::readable() const {
  std::vector<std::string> out;
  for (const auto& path : watched_) {
    if (surroundings_.read_file(path)) out.push_back(path.string());
  }
  return out;
}

std::string CorefileSource::fingerprint() const {
  // An unreadable file counts as itself: one that vanishes or appears is a change too.
  std::string all;
  for (const auto& path : watched_) {
    const auto content = surroundings_.read_file(path);
    all += path.string() + '\n' + (content ? sha512_hex(*content) : "unreadable") + '\n';
  }
  for (const std::string& pattern : globs_) {
    for (const auto& path : surroundings_.glob(pattern)) all += path.string() + '\n';
  }
  return sha512_hex(all);
}

}  // namespace nld::server
