// Why there is no listener.
#pragma once

#include <string>

namespace nld::http {

struct OpenFailure {
  std::string what;     ///< the step, the address and the reason
  bool in_use = false;  ///< another process holds the address: may pass
};

}  // namespace nld::http
