// Certificates for tests, made on the spot: an authority and what it signs.
#pragma once

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>

#include "tls/openssl.hpp"

namespace nld::testing {

/// PEM texts.
struct Identity {
  std::string certificate;
  std::string key;
};

class Authority {
 public:
  explicit Authority(const std::string& name = "test authority") : key_(new_key()) {
    certificate_ = sign(key_.get(), name, "", 1, true);
  }
  /// `names` as OpenSSL writes alternative names: "DNS:dns.test,IP:127.0.0.1". Valid from an hour ago for
  /// `days`; less than 0: it has expired.
  [[nodiscard]] Identity issue(const std::string& names, int days = 1) const {
    const tls::KeyHandle key = new_key();
    const tls::CertificateHandle certificate = sign(key.get(), "leaf", names, days, false);
    return {text(certificate.get()), text(key.get())};
  }
  [[nodiscard]] std::string pem() const { return text(certificate_.get()); }

 private:
  static tls::KeyHandle new_key() { return tls::KeyHandle(EVP_EC_gen("P-256")); }

  static void extend(X509* certificate, int what, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  static void put_name(X509_NAME* where, const std::string& name) {
    X509_NAME_add_entry_by_txt(where, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  }
  [[nodiscard]] tls::CertificateHandle sign(EVP_PKEY* key, const std::string& name, const std::string& names,
                                            int days, bool authority) const {
    constexpr long kDay = 24L * 60 * 60;
    tls::CertificateHandle made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -10 * kDay);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), days * kDay);
    X509_set_pubkey(made.get(), key);
    put_name(X509_get_subject_name(made.get()), name);
    X509_set_issuer_name(made.get(), X509_get_subject_name(authority ? made.get() : certificate_.get()));
    if (authority) extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    if (!names.empty()) extend(made.get(), NID_subject_alt_name, names);
    X509_sign(made.get(), key_.get(), EVP_sha256());
    return made;
  }
  static std::string text(X509* certificate) {
    const tls::BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    return contents(bio.get());
  }
  static std::string text(EVP_PKEY* key) {
    const tls::BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return contents(bio.get());
  }
  static std::string contents(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
  }

  tls::KeyHandle key_;
  tls::CertificateHandle certificate_;
  mutable long serial_ = 0;
};

}  // namespace nld::testing
