// Putting PEM texts into a context.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "tls/openssl.hpp"

namespace nld::tls {

/// The first certificate of `certificate` with the rest as its chain, and `key`, which must belong to it and
/// must not want a passphrase. Returns when the certificate ends.
std::expected<std::chrono::sys_seconds, std::string> use_identity(SSL_CTX* context,
                                                                  std::string_view certificate,
                                                                  std::string_view key);
/// Trusts the certificates of `authorities`, or the system's when it is empty (SSL_CERT_FILE, SSL_CERT_DIR).
std::expected<void, std::string> trust(SSL_CTX* context, std::string_view authorities);

}  // namespace nld::tls
