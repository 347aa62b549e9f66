// Owning handles for OpenSSL's objects.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace nld::tls {

template <auto kFree>
struct Freed {
  template <typename Object>
  void operator()(Object* object) const noexcept {
    kFree(object);
  }
};

using CtxHandle = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using SslHandle = std::unique_ptr<SSL, Freed<SSL_free>>;
using SessionHandle = std::unique_ptr<SSL_SESSION, Freed<SSL_SESSION_free>>;
using CertificateHandle = std::unique_ptr<X509, Freed<X509_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using BioHandle = std::unique_ptr<BIO, Freed<BIO_free>>;

}  // namespace nld::tls
