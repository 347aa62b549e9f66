// A GET to a server on this very host, bounded in time and size: kube-proxy's own port.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace nld::net {

/// kube-proxy's metricsBindAddress by default. An IPv6 cluster's is [::1].
inline constexpr std::uint16_t kKubeProxyPort = 10249;

struct GetLimits {
  std::chrono::milliseconds time;  ///< for all of it
  std::size_t bytes;               ///< of the answer, head included
};

/// Asks 127.0.0.1, then ::1 when nobody listens there. `body` gets the pieces of a 200's body as they come
/// and says whether it wants more. False: no connection, no 200, out of time or bytes.
bool http_get(std::uint16_t port, std::string_view path, GetLimits limits,
              const std::function<bool(std::string_view piece)>& body);

}  // namespace nld::net
