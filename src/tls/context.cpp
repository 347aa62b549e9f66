// The two kinds of contexts.
#include "tls/context.hpp"

#include <array>
#include <initializer_list>
#include <string_view>

#include "tls/pem.hpp"
#include "tls/sessions.hpp"

namespace nld::tls {
namespace {

// As on the wire: each name after its length (RFC 7301 §3.1).
constexpr std::array<unsigned char, 4> kProtocols{3, 'd', 'o', 't'};
// TLS 1.2 with forward secrecy and AEAD alone (RFC 9325 §4.2); those of TLS 1.3 all are.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr long kTicketSeconds = 2L * 60 * 60;

std::string digest_of(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const std::string_view part : parts) all.append(std::to_string(part.size())).append(" ").append(part);
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(all.data(), all.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(),
             nullptr);
  OPENSSL_cleanse(all.data(), all.size());
  digest.resize(size);
  return digest;
}

CtxHandle new_context(const SSL_METHOD* method) {
  CtxHandle context(SSL_CTX_new(method));
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), kCiphers);
  // Every message says its length: a connection that ends without close_notify cuts nothing unseen.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // An idle connection gives its 32 KiB of buffers back.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kProtocols.data(), kProtocols.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

/// For `request` and `require`: any certificate will do.
int take_any(X509_STORE_CTX* verified, void*) {
  X509_STORE_CTX_set_error(verified, X509_V_OK);
  return 1;
}

void ask_clients(SSL_CTX* context, ClientAuth auth) {
  switch (auth) {
    case ClientAuth::nocert:
      SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
      return;
    case ClientAuth::request:
    case ClientAuth::require:
      SSL_CTX_set_cert_verify_callback(context, take_any, nullptr);
      break;
    case ClientAuth::verify_if_given:
    case ClientAuth::require_and_verify:
      break;
  }
  const bool required = auth == ClientAuth::require || auth == ClientAuth::require_and_verify;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
}

}  // namespace

std::expected<std::shared_ptr<const ClientContext>, std::string> ClientContext::make(
    const ClientSettings& settings) {
  CtxHandle context = new_context(TLS_client_method());
  if (!context) return std::unexpected("out of memory");
  if (!settings.certificate.empty() || !settings.key.empty()) {
    const auto used = use_identity(context.get(), settings.certificate, settings.key);
    if (!used) return std::unexpected(used.error());
  }
  if (const auto trusted = trust(context.get(), settings.authorities); !trusted) {
    return std::unexpected(trusted.error());
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kProtocols.data(), kProtocols.size());
  Sessions::collect_from(context.get());
  return std::shared_ptr<const ClientContext>(new ClientContext(
      std::move(context), digest_of({settings.certificate, settings.key, settings.authorities})));
}

std::expected<std::shared_ptr<const ServerContext>, std::string> ServerContext::make(
    const ServerSettings& settings) {
  CtxHandle context = new_context(TLS_server_method());
  if (!context) return std::unexpected("out of memory");
  const auto end = use_identity(context.get(), settings.certificate, settings.key);
  if (!end) return std::unexpected(end.error());
  if (const auto trusted = trust(context.get(), settings.authorities); !trusted) {
    return std::unexpected(trusted.error());
  }
  ask_clients(context.get(), settings.client_auth);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  const std::string auth = std::to_string(static_cast<int>(settings.client_auth));
  std::string digest = digest_of({settings.certificate, settings.key, settings.authorities, auth});
  // Tickets are the client's to keep: we hold no sessions.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context.get(), kTicketSeconds);
  SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>(digest.data()),
                                 static_cast<unsigned>(digest.size()));
  return std::shared_ptr<const ServerContext>(new ServerContext(std::move(context), std::move(digest), *end));
}

}  // namespace nld::tls
