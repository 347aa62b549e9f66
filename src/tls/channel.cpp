// Steps of OpenSSL turned into progress or error codes.
#include "tls/channel.hpp"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>

namespace nld::tls {
namespace {

namespace asio = boost::asio;
using Wait = Channel::Progress::Wait;

bool is_address(const std::string& name) noexcept {
  std::array<unsigned char, 16> octets{};
  return inet_pton(AF_INET, name.c_str(), octets.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), octets.data()) == 1;
}

bool expect(SSL* connection, const std::string& name) noexcept {
  X509_VERIFY_PARAM* rules = SSL_get0_param(connection);
  // An address is not sent as a server name (RFC 6066 §3).
  if (is_address(name)) return X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(rules,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(connection, name.c_str()) == 1;
}

std::string alert_text(int alert) {
  // OpenSSL 3.0 has no words for the alerts that TLS 1.3 added.
  if (alert == TLS13_AD_CERTIFICATE_REQUIRED) return "certificate required";
  if (alert == TLS13_AD_MISSING_EXTENSION) return "missing extension";
  return SSL_alert_desc_string_long(alert);
}

std::string verification_text(long result, const std::string& name) {
  std::string text = "tls: failed to verify certificate: x509: ";
  switch (result) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      text += "certificate signed by unknown authority";
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      text += "certificate has expired or is not yet valid";
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return text + "certificate is not valid for " + name;
    default:
      break;
  }
  return text + " (" + X509_verify_cert_error_string(result) + ")";
}

}  // namespace

bool is_failure(boost::system::error_code error) noexcept {
  return error.category() == asio::error::get_ssl_category();
}

std::unique_ptr<Channel> Channel::client(const Peer& peer, std::shared_ptr<Sessions> sessions, int socket) {
  SslHandle connection(SSL_new(peer.context->native()));
  if (!connection || SSL_set_fd(connection.get(), socket) != 1 || !expect(connection.get(), peer.name)) {
    ERR_clear_error();
    return nullptr;
  }
  SSL_set_connect_state(connection.get());
  if (sessions) {
    SSL_set_app_data(connection.get(), sessions.get());
    if (const SessionHandle known = sessions->take()) SSL_set_session(connection.get(), known.get());
  }
  return std::unique_ptr<Channel>(
      new Channel(std::move(connection), peer.context, std::move(sessions), peer.name));
}

std::unique_ptr<Channel> Channel::server(std::shared_ptr<const ServerContext> context, int socket) {
  SslHandle connection(SSL_new(context->native()));
  if (!connection || SSL_set_fd(connection.get(), socket) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  SSL_set_accept_state(connection.get());
  return std::unique_ptr<Channel>(new Channel(std::move(connection), std::move(context), nullptr, {}));
}

Channel::~Channel() {
  // Otherwise OpenSSL forbids to resume a session whose connection was cut: the peer's wish, or the
  // network's, is no reason to distrust it.
  if (failure_.empty()) SSL_set_shutdown(connection_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Channel::Progress Channel::handshake() {
  ERR_clear_error();
  return outcome(SSL_do_handshake(connection_.get()), 0);
}

Channel::Progress Channel::read(asio::mutable_buffer into) {
  ERR_clear_error();
  std::size_t octets = 0;
  const int result = SSL_read_ex(connection_.get(), into.data(), into.size(), &octets);
  return outcome(result, octets);
}

Channel::Progress Channel::write(asio::const_buffer from) {
  ERR_clear_error();
  std::size_t octets = 0;
  const int result = SSL_write_ex(connection_.get(), from.data(), from.size(), &octets);
  return outcome(result, octets);
}

Channel::Progress Channel::outcome(int result, std::size_t octets) {
  if (result == 1) return {Wait::none, {}, octets};
  const int system = errno;
  switch (SSL_get_error(connection_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Wait::read, {}, 0};
    case SSL_ERROR_WANT_WRITE:
      return {Wait::write, {}, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Wait::none, asio::error::eof, 0};
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      if (system == 0) return {Wait::none, asio::error::eof, 0};
      return {Wait::none, {system, asio::error::get_system_category()}, 0};
    default:
      break;
  }
  broken_ = true;
  const unsigned long error = ERR_peek_error();
  failure_ = describe(error);
  ERR_clear_error();
  return {Wait::none, {static_cast<int>(error), asio::error::get_ssl_category()}, 0};
}

std::string Channel::describe(unsigned long error) const {
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
    switch (reason) {
      case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return verification_text(SSL_get_verify_result(connection_.get()), name_);
      case SSL_R_WRONG_VERSION_NUMBER:
      case SSL_R_HTTP_REQUEST:
        return "tls: first record does not look like a TLS handshake";
      case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return "tls: client didn't provide a certificate";
      default:
        break;
    }
    if (reason > SSL_AD_REASON_OFFSET) {
      return "remote error: tls: " + alert_text(reason - SSL_AD_REASON_OFFSET);
    }
  }
  const char* text = ERR_reason_error_string(error);
  return std::string("tls: ") + (text == nullptr ? "unknown error" : text);
}

void Channel::shutdown() noexcept {
  if (broken_ || SSL_is_init_finished(connection_.get()) != 1) return;
  SSL_shutdown(connection_.get());
  ERR_clear_error();
}

}  // namespace nld::tls
