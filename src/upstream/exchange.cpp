// Names of the transport protocols.
#include "upstream/exchange.hpp"

namespace nld::upstream {

std::string_view to_string(Protocol protocol) noexcept {
  return protocol == Protocol::udp ? "udp" : "tcp";
}

}  // namespace nld::upstream
