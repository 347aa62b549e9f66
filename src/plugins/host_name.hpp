// The name of the machine, or of the pod without the host's network.
#pragma once

#include <string>

namespace nld::plugins {

/// "localhost" when the system tells none.
std::string host_name();

}  // namespace nld::plugins
