// Go's wording of network errors.
#include "upstream/error_text.hpp"

#include <cerrno>
#include <cstring>

#include "dns/name.hpp"

namespace nld::upstream {
namespace {

using Kind = ExchangeError::Kind;

Kind kind_of(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
      return Kind::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
      return Kind::unreachable;
    case ETIMEDOUT:
      return Kind::timeout;
    case ECONNRESET:
    case EPIPE:
      return Kind::closed;
    default:
      return Kind::local;
  }
}

// Go's table of errno texts is libc's in lower case.
std::string errno_text(int error) {
  const char* known = strerrordesc_np(error);
  if (known == nullptr) return "errno " + std::to_string(error);
  std::string text = known;
  text.front() = static_cast<char>(dns::lower(static_cast<std::uint8_t>(text.front())));
  return text;
}

std::string operation(std::string_view name, Protocol protocol,
                      const std::optional<runtime::SocketAddress>& local,
                      const runtime::SocketAddress& remote) {
  std::string text(name);
  text.append(" ").append(to_string(protocol)).append(" ");
  if (local) text.append(local->to_string()).append("->");
  return text.append(remote.to_string()).append(": ");
}

}  // namespace

ExchangeError dial_error(Protocol protocol, const runtime::SocketAddress& remote,
                         const std::optional<runtime::SocketAddress>& source, std::string_view call,
                         int error) {
  std::string text = operation("dial", protocol, source, remote);
  return {kind_of(error), text.append(call).append(": ").append(errno_text(error))};
}

ExchangeError dial_timeout(Protocol protocol, const runtime::SocketAddress& remote,
                           const std::optional<runtime::SocketAddress>& source) {
  return {Kind::timeout, operation("dial", protocol, source, remote) + "i/o timeout"};
}

ExchangeError io_error(const Route& route, std::string_view call, int error) {
  std::string text = operation(call, route.protocol, route.local, route.remote);
  return {kind_of(error), text.append(call).append(": ").append(errno_text(error))};
}

ExchangeError read_timeout(const Route& route) {
  return {Kind::timeout, operation("read", route.protocol, route.local, route.remote) + "i/o timeout"};
}

ExchangeError handshake_error(std::string_view what) {
  return {Kind::handshake, std::string(what)};
}

ExchangeError malformed_error(const Route& route, std::string_view what) {
  return {Kind::malformed,
          operation("read", route.protocol, route.local, route.remote).append("dns: ").append(what)};
}

ExchangeError local_error(const runtime::SocketAddress& remote, std::string_view what) {
  return {Kind::local, std::string("upstream ").append(remote.to_string()).append(": ").append(what)};
}

}  // namespace nld::upstream
