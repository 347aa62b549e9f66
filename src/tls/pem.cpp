// Certificates, keys and authorities out of PEM.
#include "tls/pem.hpp"

#include <openssl/pem.h>

#include <ctime>
#include <vector>

namespace nld::tls {
namespace {

/// Never asks: OpenSSL's own would read a passphrase from the terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

BioHandle reader(std::string_view text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// All certificates of a PEM text; other kinds of blocks are passed over.
std::vector<CertificateHandle> certificates(std::string_view text) {
  std::vector<CertificateHandle> found;
  const BioHandle bio = reader(text);
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) found.emplace_back(one);
  ERR_clear_error();
  return found;
}

std::string reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return text == nullptr ? "unknown error" : text;
}

std::expected<KeyHandle, std::string> private_key(std::string_view text) {
  bool wants_passphrase = false;
  const BioHandle bio = reader(text);
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &wants_passphrase));
  ERR_clear_error();
  if (key) return key;
  if (wants_passphrase) return std::unexpected("KEY is encrypted, expected one without a passphrase");
  return std::unexpected("KEY holds no private key, expected one in PEM form");
}

std::chrono::sys_seconds end_of(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return {};
  return std::chrono::sys_seconds(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

std::expected<std::chrono::sys_seconds, std::string> use_identity(SSL_CTX* context,
                                                                  std::string_view certificate,
                                                                  std::string_view key) {
  auto chain = certificates(certificate);
  if (chain.empty()) return std::unexpected("CERT holds no certificate, expected one in PEM form");
  const auto secret = private_key(key);
  if (!secret) return std::unexpected(secret.error());
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    return std::unexpected("CERT cannot be used: " + reason());
  }
  for (std::size_t at = 1; at < chain.size(); ++at) {
    if (SSL_CTX_add1_chain_cert(context, chain[at].get()) != 1) {
      return std::unexpected("CERT cannot be used: " + reason());
    }
  }
  if (X509_check_private_key(chain.front().get(), secret->get()) != 1) {
    ERR_clear_error();
    return std::unexpected("KEY does not belong to the first certificate of CERT");
  }
  if (SSL_CTX_use_PrivateKey(context, secret->get()) != 1) {
    return std::unexpected("KEY cannot be used: " + reason());
  }
  return end_of(chain.front().get());
}

std::expected<void, std::string> trust(SSL_CTX* context, std::string_view authorities) {
  if (authorities.empty()) {
    // Read when a certificate has to be verified: authorities added later count without a reload.
    SSL_CTX_set_default_verify_paths(context);
    ERR_clear_error();
    return {};
  }
  const auto trusted = certificates(authorities);
  if (trusted.empty()) return std::unexpected("CA holds no certificate, expected some in PEM form");
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const CertificateHandle& one : trusted) {
    if (X509_STORE_add_cert(store, one.get()) != 1) return std::unexpected("CA cannot be used: " + reason());
    // What a server tells its clients about whom it trusts; a client does not use the list.
    SSL_CTX_add_client_CA(context, one.get());
  }
  return {};
}

}  // namespace nld::tls
