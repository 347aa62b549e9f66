// Which files `run` reads when it is given node-cache's flags.
#pragma once

#include <filesystem>
#include <string>

#include "server/corefile_source.hpp"

namespace nld::cli {

/// Where node-cache looks without being told; tests name others.
struct NodeCacheFiles {
  std::filesystem::path base = "/etc/coredns/Corefile.base";
  std::filesystem::path kube_dns_cm = "/etc/kube-dns";
};

/// node-cache renders its template into the file that -conf names, so a template that is there wins over
/// -conf, and -conf counts where there is none. Fills in `base` and `kube_dns_cm` by that rule: a file or
/// folder that the user names stays, even a missing one (an error later). Returns what is read, for the log.
std::string find_node_cache_files(server::CorefileOptions& options, const NodeCacheFiles& files = {});

}  // namespace nld::cli
