// What the connections of one configuration line share: certificate, key, trusted authorities, the rules.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tls/openssl.hpp"

namespace nld::tls {

/// The contents of PEM files.
struct ClientSettings {
  std::string certificate{};  ///< with its chain; empty: no client authentication
  std::string key{};
  std::string authorities{};  ///< empty: those of the system
};

/// TLS 1.2 and 1.3, ALPN "dot" (RFC 7858), the peer's certificate verified. Immutable; any thread may use it.
class ClientContext {
 public:
  /// The error names the part that is wrong: CERT, KEY or CA.
  static std::expected<std::shared_ptr<const ClientContext>, std::string> make(
      const ClientSettings& settings);
  [[nodiscard]] SSL_CTX* native() const noexcept { return context_.get(); }
  /// Equal for equal settings.
  [[nodiscard]] const std::string& digest() const noexcept { return digest_; }

 private:
  ClientContext(CtxHandle context, std::string digest) noexcept
      : context_(std::move(context)), digest_(std::move(digest)) {}
  CtxHandle context_;
  std::string digest_;
};

/// Whom a client expects at the other end. Equal ones may share connections and sessions, whichever reload
/// they come from.
struct Peer {
  std::shared_ptr<const ClientContext> context;
  std::string name;  ///< a host name, or an IP address: what the certificate must be for

  friend bool operator==(const Peer& left, const Peer& right) noexcept {
    return left.name == right.name && left.context->digest() == right.context->digest();
  }
  friend std::strong_ordering operator<=>(const Peer& left, const Peer& right) noexcept {
    const auto order = left.name <=> right.name;
    return order != 0 ? order : left.context->digest() <=> right.context->digest();
  }
};

/// CoreDNS's words for Go's ClientAuthType, in its order.
enum class ClientAuth : std::uint8_t { nocert, request, require, verify_if_given, require_and_verify };

struct ServerSettings {
  std::string certificate{};  ///< with its chain
  std::string key{};
  std::string authorities{};  ///< of clients; empty: those of the system
  ClientAuth client_auth = ClientAuth::nocert;
};

/// TLS 1.2 and 1.3, ALPN "dot" where the client offers it, stateless session tickets under a key of its own.
/// Immutable; the workers share it.
class ServerContext {
 public:
  static std::expected<std::shared_ptr<const ServerContext>, std::string> make(
      const ServerSettings& settings);
  [[nodiscard]] SSL_CTX* native() const noexcept { return context_.get(); }
  [[nodiscard]] const std::string& digest() const noexcept { return digest_; }
  /// When the certificate ends.
  [[nodiscard]] std::chrono::sys_seconds not_after() const noexcept { return not_after_; }

 private:
  ServerContext(CtxHandle context, std::string digest, std::chrono::sys_seconds not_after) noexcept
      : context_(std::move(context)), digest_(std::move(digest)), not_after_(not_after) {}
  CtxHandle context_;
  std::string digest_;
  std::chrono::sys_seconds not_after_;
};

}  // namespace nld::tls
