// Existence decides, once, at the start: in a pod the mounts are there before the program is.
#include "cli/node_cache_files.hpp"

namespace nld::cli {

std::string find_node_cache_files(server::CorefileOptions& options, const NodeCacheFiles& files) {
  std::error_code ignored;
  // A ConfigMap's file may be a link whose target is gone: then it is not there for node-cache, either.
  if (options.base.empty() && std::filesystem::is_regular_file(files.base, ignored)) {
    options.base = files.base;
  }
  if (!options.base.empty() && options.kube_dns_cm.empty() &&
      std::filesystem::is_directory(files.kube_dns_cm, ignored)) {
    options.kube_dns_cm = files.kube_dns_cm;
  }
  if (!options.is_template()) {
    if (options.conf.empty()) return "the built-in Corefile";
    return options.conf.string() + " as it stands (there is no template " + files.base.string() + ")";
  }
  const bool conf_is_template = options.base.empty();
  std::string text = "template " + (conf_is_template ? options.conf : options.base).string();
  if (!conf_is_template && !options.conf.empty() && options.conf != options.base) {
    text += " in place of " + options.conf.string() + ", which node-cache would write from it";
  }
  if (!options.kube_dns_cm.empty()) text += "; stub domains of " + options.kube_dns_cm.string();
  return text;
}

}  // namespace nld::cli
