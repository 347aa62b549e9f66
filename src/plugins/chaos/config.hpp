// The `chaos` directive as data.
#pragma once

#include <string>
#include <vector>

namespace nld::plugins {

struct ChaosConfig {
  std::string version;               ///< version.bind, version.server
  std::vector<std::string> authors;  ///< authors.bind; each once, sorted
  std::string hostname;              ///< hostname.bind, id.server
};

}  // namespace nld::plugins
