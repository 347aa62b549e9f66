// Sessions that a client may resume with one server: a new connection then needs no certificates.
#pragma once

#include <array>
#include <cstddef>

#include "tls/openssl.hpp"

namespace nld::tls {

/// The newest kMost; older ones are dropped. Belongs to one peer and one event loop.
class Sessions {
 public:
  static constexpr std::size_t kMost = 4;

  /// Lets connections of `context` hand their sessions to the Sessions they were given (Channel).
  static void collect_from(SSL_CTX* context) noexcept;

  void keep(SessionHandle session) noexcept;
  /// The newest that can be resumed, or null. A ticket of TLS 1.3 is given once (RFC 8446 appendix C.4), an
  /// older session stays for the next connection.
  SessionHandle take() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::array<SessionHandle, kMost> kept_;  // oldest first
  std::size_t size_ = 0;
};

}  // namespace nld::tls
