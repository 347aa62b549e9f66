// Flags that say where the configuration is; the names are the Kubernetes node-cache's.
#include <CLI/CLI.hpp>

#include "cli/command.hpp"

namespace nld::cli {

void add_corefile_flags(CLI::App& command, server::CorefileOptions& options) {
  command.add_option("--conf", options.conf, "Corefile to read.")->type_name("FILE");
  command
      .add_option_function<std::string>(
          "--corefile",
          [&options](const std::string& file) {
            if (options.conf.empty()) options.conf = file;
          },
          "node-cache's second name of --conf, which wins.")
      ->type_name("FILE");
  command
      .add_option("--basecorefile", options.base,
                  "Template of a Corefile: __PILLAR__…__ placeholders are replaced, stub domains appended.")
      ->type_name("FILE");
  command
      .add_option(
          "--kubednscm", options.kube_dns_cm,
          "Folder of the kube-dns ConfigMap: keys stubDomains and upstreamNameservers, read every 10 s.")
      ->type_name("DIR");
  command
      .add_option("--upstreamsvc", options.upstream_service,
                  "Service whose cluster IP (from the environment) replaces __PILLAR__CLUSTER__DNS__.")
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_option("--localip", options.local_ips,
                  "Addresses that replace __PILLAR__LOCAL__DNS__, separated by commas.")
      ->type_name("IP[,IP]")
      ->delimiter(',');
  command
      .add_option("--cluster-dns", options.cluster_dns,
                  "Addresses of the cluster DNS, one of a family (default: that Service's).")
      ->type_name("IP[,IP]")
      ->delimiter(',');
  command
      .add_option("--cluster-domain", options.dns_domain,
                  "Cluster domain that replaces __PILLAR__DNS__DOMAIN__ (default: left as it stands).")
      ->type_name("NAME");
  command
      .add_option("--prometheus-listen-address", options.prometheus_endpoint,
                  "Address that replaces __PILLAR__PROMETHEUS__ENDPOINT__.")
      ->type_name("HOST:PORT");
  command.add_option("-p,--p,--dns.port", options.port, "Port of zones that name none.")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
}

std::vector<std::string> to_arguments(const server::CorefileOptions& options) {
  std::vector<std::string> words;
  const auto add = [&words](const char* flag, const std::string& value) {
    if (value.empty()) return;
    words.emplace_back(flag);
    words.push_back(value);
  };
  add("--conf", options.conf);
  add("--basecorefile", options.base);
  add("--kubednscm", options.kube_dns_cm);
  add("--upstreamsvc", options.upstream_service);
  for (const std::string& address : options.local_ips) add("--localip", address);
  for (const std::string& address : options.cluster_dns) add("--cluster-dns", address);
  add("--cluster-domain", options.dns_domain);
  add("--prometheus-listen-address", options.prometheus_endpoint);
  add("--dns.port", std::to_string(options.port));
  return words;
}

}  // namespace nld::cli
